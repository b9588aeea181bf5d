/* The loops of an elementwise kernel of two int8 operands, around a function of one pair, or of 16 with Helium. For
 * inclusion in kernels. */
#ifndef BROADCAST_S8_H
#define BROADCAST_S8_H

#include "broadcast.h"

#if HELIUM_MVE

typedef int8x16_t pairs_x16_t(const void *parameters, int8x16_t first, int8x16_t second);

/* The second operand is the same in every repeat: what the function computes of it alone stays in registers. */
ALWAYS_INLINE void repeat_vectors(const helium_broadcast_t *b, const int8_t *first, const int8_t *second,
                                  int8_t *output, const void *parameters, pairs_x16_t *pairs) {
    for (int32_t i = 0; i < b->count; i += 16) {
        const mve_pred16_t active = vctp8q((uint32_t)(b->count - i));
        const int8x16_t same = vldrbq_z_s8(second + i, active);
        const int8_t *from = first + i;
        int8_t *to = output + i;
        for (int32_t r = b->repeats; r > 0; r--, from += b->count, to += b->count) {
            vstrbq_p_s8(to, pairs(parameters, vldrbq_z_s8(from, active), same), active);
        }
    }
}

ALWAYS_INLINE void one_value(int32_t count, const int8_t *first, int8_t second, int8_t *output, const void *parameters,
                             pairs_x16_t *pairs) {
    const int8x16_t same = vdupq_n_s8(second);
    for (; count > 0; count -= 16, first += 16, output += 16) {
        const mve_pred16_t active = vctp8q((uint32_t)count);
        vstrbq_p_s8(output, pairs(parameters, vldrbq_z_s8(first, active), same), active);
    }
}

ALWAYS_INLINE void equal_shapes(int32_t count, const int8_t *first, const int8_t *second, int8_t *output,
                                const void *parameters, pairs_x16_t *pairs) {
    for (; count > 0; count -= 16, first += 16, second += 16, output += 16) {
        const mve_pred16_t active = vctp8q((uint32_t)count);
        const int8x16_t a = vldrbq_z_s8(first, active), b = vldrbq_z_s8(second, active);
        vstrbq_p_s8(output, pairs(parameters, a, b), active);
    }
}

/* parameters: for `pairs`; a copy of the caller's, which the output cannot overwrite. */
ALWAYS_INLINE void broadcast_s8(const helium_broadcast_t *b, const int8_t *first, const int8_t *second, int8_t *output,
                                const void *parameters, pairs_x16_t *pairs) {
    if (!b->is_one && b->repeats == 1) {
        equal_shapes(b->count, first, second, output, parameters, pairs);
    } else if (!b->is_one) {
        repeat_vectors(b, first, second, output, parameters, pairs);
    } else {
        for (int32_t r = 0; r < b->repeats; r++, first += b->count, second += b->step, output += b->count) {
            one_value(b->count, first, *second, output, parameters, pairs);
        }
    }
}

#else

typedef int8_t pair_t(const void *parameters, int8_t first, int8_t second);

ALWAYS_INLINE void broadcast_s8(const helium_broadcast_t *b, const int8_t *first, const int8_t *second, int8_t *output,
                                const void *parameters, pair_t *pair) {
    for (int32_t r = 0; r < b->repeats; r++, first += b->count, second += b->step, output += b->count) {
        for (int32_t i = 0; i < b->count; i++) {
            output[i] = pair(parameters, first[i], second[b->is_one ? 0 : i]);
        }
    }
}

#endif
#endif
