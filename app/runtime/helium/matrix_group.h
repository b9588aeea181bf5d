/* The end of a matrix layer's sums, by groups of 8 channels: what matrix_s8.c and matrix_s16.c share. */
#ifndef HELIUM_MATRIX_GROUP_H
#define HELIUM_MATRIX_GROUP_H

#include "matrix_s8.h"
#include "requantise.h"

#define GROUP HELIUM_MATRIX_GROUP
#define ACCUMULATORS HELIUM_GEMM_CHANNELS /* of a pixel */

/* int32 values a group of channels has in `constants`. */
static inline int32_t group_size(const helium_matrix_s8_t *m) {
    return m->has_left_shift ? 4 * GROUP : 3 * GROUP;
}

#if HELIUM_MVE

/* The constants of one group, even and odd channels. */
typedef struct {
    int32x4_t bias[2];
    int32x4_t multiplier[2];
    int32x4_t shift[2];
} group_t;

ALWAYS_INLINE group_t load_group(const int32_t *constants) {
    return (group_t){{vldrwq_s32(constants), vldrwq_s32(constants + 4)},
                     {vldrwq_s32(constants + 8), vldrwq_s32(constants + 12)},
                     {vldrwq_s32(constants + 16), vldrwq_s32(constants + 20)}};
}

/* 8 results of one pixel in 16-bit lanes, whatever their scales, clamped. */
ALWAYS_INLINE int16x8_t clamped_group(const helium_matrix_s8_t *m, const int32_t *constants,
                                      const int32_t *accumulators) {
    const group_t g = load_group(constants);
    const int32x4x2_t sums = vld2q_s32(accumulators);
    int32x4_t even = vaddq_s32(sums.val[0], g.bias[0]), odd = vaddq_s32(sums.val[1], g.bias[1]);
    if (m->has_left_shift) {
        even = vqshlq_s32(even, vldrwq_s32(constants + 3 * GROUP));
        odd = vqshlq_s32(odd, vldrwq_s32(constants + 3 * GROUP + 4));
    }
    return helium_narrow_x8(helium_requantise_x4(even, g.multiplier[0], g.shift[0]),
                            helium_requantise_x4(odd, g.multiplier[1], g.shift[1]), m->zero_point, m->minimum,
                            m->maximum);
}

#else

/* The constants of one channel; shift: the exponent, of either sign. */
typedef struct {
    int32_t bias;
    int32_t multiplier;
    int32_t shift;
} channel_t;

/* constants: of the group that channel 0 is in. */
static inline channel_t channel_of(const helium_matrix_s8_t *m, const int32_t *constants, int32_t channel) {
    const int32_t *own = constants + channel / GROUP * group_size(m) + HELIUM_MATRIX_ENTRY(channel);
    const int32_t left_shift = m->has_left_shift ? own[3 * GROUP] : 0;
    return (channel_t){own[0], own[GROUP], left_shift > 0 ? left_shift - 1 : own[2 * GROUP]};
}

#endif
#endif
