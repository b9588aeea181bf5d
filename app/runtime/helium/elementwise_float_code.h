/* The code of elementwise_float.h for both precisions. */
#include "float_vector.h"

void HELIUM_FLOAT(helium_add)(const helium_activation_t *activation, const helium_float_t *first,
                              const helium_float_t *second, helium_float_t *output, int32_t count) {
    for (; count > 0; count -= HELIUM_FLOAT_LANES) {
        vector_t sum = vector_add(vector_load_first(first, count), vector_load_first(second, count));
        vector_activate(activation, &sum, 1);
        vector_store_first(output, sum, count);
        first += HELIUM_FLOAT_LANES;
        second += HELIUM_FLOAT_LANES;
        output += HELIUM_FLOAT_LANES;
    }
}

void HELIUM_FLOAT(helium_multiply)(const helium_float_t *first, const helium_float_t *second, helium_float_t *output,
                                   int32_t count, int32_t repeats) {
    for (int32_t i = 0; i < count; i += HELIUM_FLOAT_LANES) {
        const vector_t factor = vector_load_first(second + i, count - i);
        for (int32_t r = 0; r < repeats; r++) {
            const int32_t at = r * count + i;
            const vector_t product = vector_multiply(vector_load_first(first + at, count - i), factor);
            vector_store_first(output + at, product, count - i);
        }
    }
}

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
