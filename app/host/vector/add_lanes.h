/* The vector code of add_s8.c, of add_s16.c and of residual additions. */
#ifndef HOST_ADD_LANES_H
#define HOST_ADD_LANES_H

#include "vector.h"

ALWAYS_INLINE lanes_t addend(const helium_addend_t *a, lanes_t x) {
    const lanes_t shifted = shift_left(subtract_lanes(x, same_lanes(a->zero_point)), same_lanes(a->left_shift));
    return requantise_lanes(shifted, same_lanes(a->multiplier), same_lanes(a->shift));
}

/* 8 sums, requantised. An addend has 31 bits at most, so that their sum does not overflow. */
ALWAYS_INLINE lanes_t scaled_sum(const helium_add_t *add, lanes_t first, lanes_t second) {
    const lanes_t sum = add_lanes(addend(&add->first, first), addend(&add->second, second));
    return requantise_lanes(shift_left(sum, same_lanes(add->left_shift)), same_lanes(add->multiplier),
                            same_lanes(add->shift));
}

/* 8 sums of int8 to int8. */
ALWAYS_INLINE void add_bytes(const helium_add_t *add, const int8_t *first, const int8_t *second, int8_t *output) {
    store_bytes(output, scaled_sum(add, load_bytes(first), load_bytes(second)), add->zero_point, add->minimum,
                add->maximum);
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

/* The first `count` of 8 sums of int16, or 8: no value behind them is read or written. */
ALWAYS_INLINE void add_some_halves(const helium_add_t *add, const int16_t *first, const int16_t *second,
                                   int16_t *output, int32_t count) {
    int16_t a[VECTOR_LANES] = {0}, b[VECTOR_LANES] = {0};
    copy_some_halves(a, first, count);
    copy_some_halves(b, second, count);
    store_halves(a, scaled_sum(add, load_halves(a), load_halves(b)), add->minimum, add->maximum);
    copy_some_halves(output, a, count);
}

#endif
