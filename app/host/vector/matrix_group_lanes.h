/* What the vector code of matrix_s8.c and of matrix_s16.c shares: the sums of a group of 8 channels, requantised. */
#ifndef HOST_MATRIX_GROUP_LANES_H
#define HOST_MATRIX_GROUP_LANES_H

#include "matrix_group.h"
#include "vector.h"

_Static_assert(HELIUM_MATRIX_GROUP == VECTOR_LANES, "the constants of a group are one vector");

/* The constants of one group, in channel order. */
typedef struct {
    lanes_t bias, multiplier, shift, left_shift;
} group_t;

ALWAYS_INLINE lanes_t constant_lanes(const int32_t *constants, int32_t number) {
    const int32_t *const even = constants + number * VECTOR_LANES;
    return interleaved(even, even + VECTOR_LANES / 2);
}

ALWAYS_INLINE group_t load_group(const helium_matrix_s8_t *m, const int32_t *constants) {
    return (group_t){constant_lanes(constants, 0), constant_lanes(constants, 1), constant_lanes(constants, 2),
                     m->has_left_shift ? constant_lanes(constants, 3) : same_lanes(0)};
}

ALWAYS_INLINE lanes_t scaled_group(const helium_matrix_s8_t *m, const group_t *g, const int32_t *accumulators) {
    lanes_t sums = add_lanes(load_lanes(accumulators), g->bias);
    if (m->has_left_shift) {
        sums = shift_left(sums, g->left_shift);
    }
    return requantise_lanes(sums, g->multiplier, g->shift);
}

#endif
