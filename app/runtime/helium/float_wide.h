/* Four float32, whatever the kernels' element type: a Helium register, or an array in portable C. As in float_vector.h,
 * both do the same arithmetic: fused multiply-adds, and the bits of a float as an integer. */
#ifndef HELIUM_FLOAT_WIDE_H
#define HELIUM_FLOAT_WIDE_H

#include "float_type.h"

#include <math.h>
#include <string.h>

#define WIDE_LANES 4

#if HELIUM_MVE

typedef float32x4_t wide_t;

/* The first `count` elements; other lanes: 0. */
ALWAYS_INLINE wide_t wide_load_first(const helium_float_t *from, int32_t count) {
    const mve_pred16_t active = vctp32q((uint32_t)count);
#if HELIUM_FLOAT_BITS == 16
    return vcvtbq_f32_f16(vreinterpretq_f16_u32(vldrhq_z_u32((const uint16_t *)(const void *)from, active)));
#else
    return vldrwq_z_f32(from, active);
#endif
}

ALWAYS_INLINE void wide_store_first(helium_float_t *to, wide_t x, int32_t count) {
    const mve_pred16_t active = vctp32q((uint32_t)count);
#if HELIUM_FLOAT_BITS == 16
    const float16x8_t narrow = vcvtbq_f16_f32(vdupq_n_f16(0), x);
    vstrhq_p_u32((uint16_t *)(void *)to, vreinterpretq_u32_f16(narrow), active);
#else
    vstrwq_p_f32(to, x, active);
#endif
}

ALWAYS_INLINE wide_t wide_of(float x) {
    return vdupq_n_f32(x);
}

/* The first `count` lanes; others: 0. */
ALWAYS_INLINE wide_t wide_first(wide_t x, int32_t count) {
    return vpselq_f32(x, vdupq_n_f32(0), vctp32q((uint32_t)count));
}

ALWAYS_INLINE float wide_sum(wide_t x) {
    return (vgetq_lane_f32(x, 0) + vgetq_lane_f32(x, 1)) + (vgetq_lane_f32(x, 2) + vgetq_lane_f32(x, 3));
}

/* a * b + c, rounded once. */
ALWAYS_INLINE wide_t wide_fma(wide_t a, wide_t b, wide_t c) {
    return vfmaq_f32(c, a, b);
}

ALWAYS_INLINE wide_t wide_add(wide_t a, wide_t b) {
    return vaddq_f32(a, b);
}

ALWAYS_INLINE wide_t wide_multiply(wide_t a, wide_t b) {
    return vmulq_f32(a, b);
}

ALWAYS_INLINE wide_t wide_maximum(wide_t a, wide_t b) {
    return vmaxnmq_f32(a, b);
}

ALWAYS_INLINE wide_t wide_minimum(wide_t a, wide_t b) {
    return vminnmq_f32(a, b);
}

ALWAYS_INLINE wide_t wide_absolute(wide_t x) {
    return vabsq_f32(x);
}

ALWAYS_INLINE wide_t wide_negate(wide_t x) {
    return vnegq_f32(x);
}

/* The float with the bits of x, shifted left by 23, plus these. */
ALWAYS_INLINE wide_t wide_shift_bits(wide_t x, int32_t added) {
    return vreinterpretq_f32_s32(vaddq_n_s32(vshlq_n_s32(vreinterpretq_s32_f32(x), 23), added));
}

/* The float with these bits less those of x. */
ALWAYS_INLINE wide_t wide_subtract_bits(int32_t from, wide_t x) {
    return vreinterpretq_f32_s32(vsubq_s32(vdupq_n_s32(from), vreinterpretq_s32_f32(x)));
}

#else

typedef struct {
    float lane[WIDE_LANES];
} wide_t;

/* In each lane l of the result: the expression. */
#define EACH_WIDE_LANE(expression)                                                                                     \
    wide_t result;                                                                                                     \
    for (int l = 0; l < WIDE_LANES; l++) {                                                                             \
        result.lane[l] = (expression);                                                                                 \
    }                                                                                                                  \
    return result

ALWAYS_INLINE uint32_t wide_bits(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

ALWAYS_INLINE float wide_float(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

ALWAYS_INLINE wide_t wide_load_first(const helium_float_t *from, int32_t count) {
    EACH_WIDE_LANE(l < count ? (float)from[l] : 0.0f);
}

ALWAYS_INLINE void wide_store_first(helium_float_t *to, wide_t x, int32_t count) {
    for (int32_t l = 0; l < count && l < WIDE_LANES; l++) {
        to[l] = (helium_float_t)x.lane[l];
    }
}

ALWAYS_INLINE wide_t wide_of(float x) {
    EACH_WIDE_LANE(x);
}

ALWAYS_INLINE wide_t wide_first(wide_t x, int32_t count) {
    EACH_WIDE_LANE(l < count ? x.lane[l] : 0.0f);
}

ALWAYS_INLINE float wide_sum(wide_t x) {
    return (x.lane[0] + x.lane[1]) + (x.lane[2] + x.lane[3]);
}

ALWAYS_INLINE wide_t wide_fma(wide_t a, wide_t b, wide_t c) {
    EACH_WIDE_LANE(fmaf(a.lane[l], b.lane[l], c.lane[l]));
}

ALWAYS_INLINE wide_t wide_add(wide_t a, wide_t b) {
    EACH_WIDE_LANE(a.lane[l] + b.lane[l]);
}

ALWAYS_INLINE wide_t wide_multiply(wide_t a, wide_t b) {
    EACH_WIDE_LANE(a.lane[l] * b.lane[l]);
}

ALWAYS_INLINE wide_t wide_maximum(wide_t a, wide_t b) {
    EACH_WIDE_LANE(a.lane[l] > b.lane[l] ? a.lane[l] : b.lane[l]);
}

ALWAYS_INLINE wide_t wide_minimum(wide_t a, wide_t b) {
    EACH_WIDE_LANE(a.lane[l] < b.lane[l] ? a.lane[l] : b.lane[l]);
}

ALWAYS_INLINE wide_t wide_absolute(wide_t x) {
    EACH_WIDE_LANE(fabsf(x.lane[l]));
}

ALWAYS_INLINE wide_t wide_negate(wide_t x) {
    EACH_WIDE_LANE(-x.lane[l]);
}

ALWAYS_INLINE wide_t wide_shift_bits(wide_t x, int32_t added) {
    EACH_WIDE_LANE(wide_float((wide_bits(x.lane[l]) << 23) + (uint32_t)added));
}

ALWAYS_INLINE wide_t wide_subtract_bits(int32_t from, wide_t x) {
    EACH_WIDE_LANE(wide_float((uint32_t)from - wide_bits(x.lane[l])));
}

#endif

ALWAYS_INLINE wide_t wide_clamp(wide_t x, float low, float high) {
    return wide_minimum(wide_maximum(x, wide_of(low)), wide_of(high));
}

/* c[0] + c[1] * x + ... + c[terms - 1] * x^(terms - 1). The compiler knows c and terms. */
ALWAYS_INLINE wide_t wide_polynomial(const float c[], int terms, wide_t x) {
    wide_t sum = wide_of(c[terms - 1]);
    for (int i = terms - 2; i >= 0; i--) {
        sum = wide_fma(sum, x, wide_of(c[i]));
    }
    return sum;
}

#endif
