/* The code of elementwise_float.h for both precisions. */
#include "float_vector.h"

typedef vector_t pairs_t(vector_t first, vector_t second);

/* activation(pairs(first, second)) of the first `count` lanes. */
ALWAYS_INLINE void make_vector(const helium_activation_t *activation, const helium_float_t *first, vector_t second,
                               helium_float_t *output, int32_t count, pairs_t *pairs) {
    vector_t result = pairs(vector_load_first(first, count), second);
    vector_activate(activation, &result, 1);
    vector_store_first(output, result, count);
}

/* In broadcast.h's order, but a vector of the second operand is loaded once for all repeats that share it. */
ALWAYS_INLINE void broadcast_float(const helium_activation_t *activation, const helium_broadcast_t *b,
                                   const helium_float_t *first, const helium_float_t *second, helium_float_t *output,
                                   pairs_t *pairs) {
    if (b->is_one) {
        for (int32_t r = 0; r < b->repeats; r++, first += b->count, second += b->step, output += b->count) {
            const vector_t same = vector_of(*second);
            for (int32_t i = 0; i < b->count; i += HELIUM_FLOAT_LANES) {
                make_vector(activation, first + i, same, output + i, b->count - i, pairs);
            }
        }
    } else if (b->repeats == 1) {
        for (int32_t i = 0; i < b->count; i += HELIUM_FLOAT_LANES) {
            const vector_t other = vector_load_first(second + i, b->count - i);
            make_vector(activation, first + i, other, output + i, b->count - i, pairs);
        }
    } else {
        for (int32_t i = 0; i < b->count; i += HELIUM_FLOAT_LANES) {
            const vector_t same = vector_load_first(second + i, b->count - i);
            for (int32_t r = 0; r < b->repeats; r++) {
                const int32_t at = r * b->count + i;
                make_vector(activation, first + at, same, output + at, b->count - i, pairs);
            }
        }
    }
}

ALWAYS_INLINE vector_t subtract_exchanged(vector_t first, vector_t second) {
    return vector_subtract(second, first);
}

ALWAYS_INLINE vector_t divide_exchanged(vector_t first, vector_t second) {
    return vector_divide(second, first);
}

#define ELEMENTWISE(name, pairs)                                                                                       \
    HELIUM_ELEMENTWISE(name) {                                                                                         \
        broadcast_float(activation, broadcast, first, second, output, pairs);                                          \
    }

ELEMENTWISE(helium_add, vector_add)
ELEMENTWISE(helium_subtract, vector_subtract)
ELEMENTWISE(helium_subtract_exchanged, subtract_exchanged)
ELEMENTWISE(helium_multiply, vector_multiply)
ELEMENTWISE(helium_divide, vector_divide)
ELEMENTWISE(helium_divide_exchanged, divide_exchanged)
ELEMENTWISE(helium_maximum, vector_maximum)
ELEMENTWISE(helium_minimum, vector_minimum)

void HELIUM_FLOAT(helium_activate)(const helium_activation_t *activation, const helium_float_t *input,
                                   helium_float_t *output, int32_t count) {
    for (; count > 0; count -= HELIUM_FLOAT_LANES) {
        vector_t x = vector_load_first(input, count);
        vector_activate(activation, &x, 1);
        vector_store_first(output, x, count);
        input += HELIUM_FLOAT_LANES;
        output += HELIUM_FLOAT_LANES;
    }
}
