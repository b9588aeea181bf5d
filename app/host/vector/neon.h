/* vector.h for AArch64; with its dot products where the CPU has them. */
#ifndef HOST_NEON_H
#define HOST_NEON_H

#include <arm_neon.h>

typedef struct {
    int32x4_t low, high;
} lanes_t;
typedef struct {
    int8x8_t first, second;
} taps_t;
typedef int8x16_t values_t;
typedef int32x4_t dot_t; /* 4 partial sums */
typedef int16x8_t wide_t;
typedef struct {
    int32x4_t even, odd;
} pair_dot_t; /* 4 partial sums of each channel */

ALWAYS_INLINE lanes_t load_lanes(const int32_t *from) {
    return (lanes_t){vld1q_s32(from), vld1q_s32(from + 4)};
}

ALWAYS_INLINE lanes_t same_lanes(int32_t value) {
    return (lanes_t){vdupq_n_s32(value), vdupq_n_s32(value)};
}

ALWAYS_INLINE lanes_t add_lanes(lanes_t a, lanes_t b) {
    return (lanes_t){vaddq_s32(a.low, b.low), vaddq_s32(a.high, b.high)};
}

ALWAYS_INLINE lanes_t subtract_lanes(lanes_t a, lanes_t b) {
    return (lanes_t){vsubq_s32(a.low, b.low), vsubq_s32(a.high, b.high)};
}

/* Lanes 0, 2, 4, 6 from `even`, the others from `odd`. */
ALWAYS_INLINE lanes_t interleaved(const int32_t *even, const int32_t *odd) {
    const int32x4_t e = vld1q_s32(even), o = vld1q_s32(odd);
    return (lanes_t){vzip1q_s32(e, o), vzip2q_s32(e, o)};
}

/* Shifted left by 0 ... 31 bits, saturated. */
ALWAYS_INLINE lanes_t shift_left(lanes_t a, lanes_t bits) {
    return (lanes_t){vqshlq_s32(a.low, bits.low), vqshlq_s32(a.high, bits.high)};
}

/* floor(a * multiplier * 2^(shift - 31) + 1/2); shift: -1 ... -31: floor((floor(a * m / 2^31) + 2^(n - 1)) / 2^n) for
 * n = -shift. */
ALWAYS_INLINE lanes_t requantise_lanes(lanes_t a, lanes_t multiplier, lanes_t shift) {
    return (lanes_t){vrshlq_s32(vqdmulhq_s32(a.low, multiplier.low), shift.low),
                     vrshlq_s32(vqdmulhq_s32(a.high, multiplier.high), shift.high)};
}

/* 8 int8 as lanes. */
ALWAYS_INLINE lanes_t load_bytes(const int8_t *from) {
    const int16x8_t wide = vmovl_s8(vld1_s8(from));
    return (lanes_t){vmovl_s16(vget_low_s16(wide)), vmovl_s16(vget_high_s16(wide))};
}

/* Saturating at 16 bits on the way is harmless, as the result is clamped to 8. */
ALWAYS_INLINE void store_bytes(int8_t *to, lanes_t a, int32_t zero_point, int32_t minimum, int32_t maximum) {
    const int16x8_t narrow = vcombine_s16(vqmovn_s32(a.low), vqmovn_s32(a.high));
    const int16x8_t moved = vqaddq_s16(narrow, vdupq_n_s16((int16_t)zero_point));
    const int16x8_t low = vdupq_n_s16((int16_t)minimum), high = vdupq_n_s16((int16_t)maximum);
    vst1_s8(to, vmovn_s16(vminq_s16(vmaxq_s16(moved, low), high)));
}

/* 8 int16 as lanes. */
ALWAYS_INLINE lanes_t load_halves(const int16_t *from) {
    const int16x8_t halves = vld1q_s16(from);
    return (lanes_t){vmovl_s16(vget_low_s16(halves)), vmovl_s16(vget_high_s16(halves))};
}

ALWAYS_INLINE void store_halves(int16_t *to, lanes_t a, int32_t minimum, int32_t maximum) {
    const int16x8_t narrow = vcombine_s16(vqmovn_s32(a.low), vqmovn_s32(a.high));
    const int16x8_t low = vdupq_n_s16((int16_t)minimum), high = vdupq_n_s16((int16_t)maximum);
    vst1q_s16(to, vminq_s16(vmaxq_s16(narrow, low), high));
}

ALWAYS_INLINE taps_t load_taps(const int8_t *first, const int8_t *second) {
    return (taps_t){vld1_s8(first), vld1_s8(second)};
}

ALWAYS_INLINE lanes_t add_wide(lanes_t sums, int16x8_t products) {
    return (lanes_t){vaddw_s16(sums.low, vget_low_s16(products)), vaddw_s16(sums.high, vget_high_s16(products))};
}

/* sums + first * tap 0 + second * tap 1, for 8 channels. Two products of -128 do not fit in 16 bits. */
ALWAYS_INLINE lanes_t add_taps(lanes_t sums, taps_t weights, const int8_t *first, const int8_t *second) {
    sums = add_wide(sums, vmull_s8(weights.first, vld1_s8(first)));
    return add_wide(sums, vmull_s8(weights.second, vld1_s8(second)));
}

ALWAYS_INLINE values_t load_values(const int8_t *from) {
    return vld1q_s8(from);
}

ALWAYS_INLINE dot_t no_products(void) {
    return vdupq_n_s32(0);
}

ALWAYS_INLINE dot_t add_products(dot_t sums, values_t a, values_t b) {
#if defined(__ARM_FEATURE_DOTPROD)
    return vdotq_s32(sums, a, b);
#else
    const int16x8_t low = vmull_s8(vget_low_s8(a), vget_low_s8(b)), high = vmull_high_s8(a, b);
    return vpadalq_s16(vpadalq_s16(sums, low), high);
#endif
}

/* The sums of four. */
ALWAYS_INLINE void store_sums(int32_t *to, dot_t a, dot_t b, dot_t c, dot_t d) {
    vst1q_s32(to, vpaddq_s32(vpaddq_s32(a, b), vpaddq_s32(c, d)));
}

ALWAYS_INLINE wide_t load_wide(const int16_t *from) {
    return vld1q_s16(from);
}

ALWAYS_INLINE pair_dot_t no_pair_products(void) {
    return (pair_dot_t){vdupq_n_s32(0), vdupq_n_s32(0)};
}

ALWAYS_INLINE int32x4_t add_wide_products(int32x4_t sums, int16x8_t a, int16x8_t b) {
    return vmlal_high_s16(vmlal_s16(sums, vget_low_s16(a), vget_low_s16(b)), a, b);
}

ALWAYS_INLINE pair_dot_t add_pair_products(pair_dot_t sums, values_t weights, wide_t x) {
    return (pair_dot_t){add_wide_products(sums.even, vmovl_s8(vget_low_s8(weights)), x),
                        add_wide_products(sums.odd, vmovl_high_s8(weights), x)};
}

/* The sums of two pairs: four channels. */
ALWAYS_INLINE void store_pairs(int32_t *to, pair_dot_t a, pair_dot_t b) {
    vst1q_s32(to, vpaddq_s32(vpaddq_s32(a.even, a.odd), vpaddq_s32(b.even, b.odd)));
}

#endif
