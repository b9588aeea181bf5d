/* The vector code of add_s8.c and of residual additions. */
#ifndef HOST_ADD_LANES_H
#define HOST_ADD_LANES_H

#include "vector.h"

ALWAYS_INLINE lanes_t addend(const helium_addend_t *a, lanes_t x) {
    const lanes_t shifted = shift_left(subtract_lanes(x, same_lanes(a->zero_point)), same_lanes(a->left_shift));
    return requantise_lanes(shifted, same_lanes(a->multiplier), same_lanes(a->shift));
}

/* 8 sums of int8 to int8. An addend has 31 bits at most, so that their sum does not overflow. */
ALWAYS_INLINE void add_bytes(const helium_add_t *add, const int8_t *first, const int8_t *second, int8_t *output) {
    const lanes_t sum = add_lanes(addend(&add->first, load_bytes(first)), addend(&add->second, load_bytes(second)));
    const lanes_t scaled = requantise_lanes(shift_left(sum, same_lanes(add->left_shift)), same_lanes(add->multiplier),
                                            same_lanes(add->shift));
    store_bytes(output, scaled, add->zero_point, add->minimum, add->maximum);
}

/* The same for the first `count` of 8, or for 8: no byte behind them is read or written. */
ALWAYS_INLINE void add_some_bytes(const helium_add_t *add, const int8_t *first, const int8_t *second, int8_t *output,
                                  int32_t count) {
    int8_t a[VECTOR_LANES] = {0}, b[VECTOR_LANES] = {0};
    copy_some_bytes(a, first, count);
    copy_some_bytes(b, second, count);
    add_bytes(add, a, b, a);
    copy_some_bytes(output, a, count);
}

#endif
