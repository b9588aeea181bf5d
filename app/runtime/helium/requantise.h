/* From 32-bit accumulators to int8: requantisation with single rounding, and narrowing 16 results at a time. The one C
 * definition, for every backend; in numpy it is paddle_cortexm/compiler/operators/parts/fixed_point.py. */
#ifndef HELIUM_REQUANTISE_H
#define HELIUM_REQUANTISE_H

#include "helium.h"

static inline int32_t helium_clamp(int32_t value, int32_t minimum, int32_t maximum) {
    return value < minimum ? minimum : value > maximum ? maximum : value;
}

/* floor(accumulator * multiplier * 2^(shift - 31) + 1/2), saturated to 32 bits; multiplier: above -2^31, shift:
 * -31 ... 30. The exact definition: what the others must equal after clamping to int8. */
static inline int32_t helium_requantise(int32_t accumulator, int32_t multiplier, int32_t shift) {
    const int64_t twice = ((int64_t)accumulator * multiplier) >> (30 - shift);
    const int64_t result = (twice + 1) >> 1;
    return result > INT32_MAX ? INT32_MAX : result < INT32_MIN ? INT32_MIN : (int32_t)result;
}

/* The end of every layer: requantised, moved by the zero point, clamped. Clamped to a few bytes' range first: the sum
 * with the zero point cannot overflow then. */
static inline int8_t helium_requantise_s8(int32_t accumulator, int32_t multiplier, int32_t shift, int32_t zero_point,
                                          int32_t minimum, int32_t maximum) {
    const int32_t scaled = helium_clamp(helium_requantise(accumulator, multiplier, shift), -512, 512);
    return (int8_t)helium_clamp(scaled + zero_point, minimum, maximum);
}

/* The int8 result for entry `entry` (in narrowing order) of a layer's constants. */
static inline int8_t helium_requantise_entry(const helium_requantise_t *r, int32_t entry, int32_t accumulator) {
    const int32_t exponent =
        r->left_shift != NULL && r->left_shift[entry] != 0 ? r->left_shift[entry] - 1 : r->shift[entry];
    return helium_requantise_s8(accumulator, r->multiplier[entry], exponent, r->zero_point, r->minimum, r->maximum);
}

#if HELIUM_MVE

/* Exact for right shifts of at least 1 (shift <= -1): floor((floor(a * m / 2^31) + 2^(n-1)) / 2^n) is the single
 * rounding of the whole product. */
static inline int32x4_t helium_requantise_x4(int32x4_t accumulator, int32x4_t multiplier, int32x4_t shift) {
    return vrshlq_s32(vqdmulhq_s32(accumulator, multiplier), shift);
}

/* The same with one multiplier and shift for all lanes. */
static inline int32x4_t helium_requantise_n_x4(int32x4_t accumulator, int32_t multiplier, int32_t shift) {
    return vrshlq_n_s32(vqdmulhq_n_s32(accumulator, multiplier), shift);
}

/* 16 requantised values to int8: adds the zero point and clamps. Lane i of vector j becomes byte 4 * i + j. Saturating
 * at 16 bits on the way is harmless, as the result is clamped to 8. */
static inline int8x16_t helium_narrow_x16(int32x4_t v0, int32x4_t v1, int32x4_t v2, int32x4_t v3, int32_t zero_point,
                                          int32_t minimum, int32_t maximum) {
    int16x8_t even = vqmovntq_s32(vqmovnbq_s32(vdupq_n_s16(0), v0), v2);
    int16x8_t odd = vqmovntq_s32(vqmovnbq_s32(vdupq_n_s16(0), v1), v3);
    even = vqaddq_n_s16(even, (int16_t)zero_point);
    odd = vqaddq_n_s16(odd, (int16_t)zero_point);
    const int8x16_t bytes = vqmovntq_s16(vqmovnbq_s16(vdupq_n_s8(0), even), odd);
    return vminq_s8(vmaxq_s8(bytes, vdupq_n_s8((int8_t)minimum)), vdupq_n_s8((int8_t)maximum));
}

/* 8 requantised values to int8, or to int16 with zero point 0, in 16-bit lanes: adds the zero point and clamps. Lane i
 * of `even` becomes lane 2 * i, of `odd` lane 2 * i + 1. Saturating at 16 bits on the way is harmless, as the result is
 * clamped to less. */
static inline int16x8_t helium_narrow_x8(int32x4_t even, int32x4_t odd, int32_t zero_point, int32_t minimum,
                                         int32_t maximum) {
    const int16x8_t narrow = vqmovntq_s32(vqmovnbq_s32(vdupq_n_s16(0), even), odd);
    const int16x8_t moved = vqaddq_n_s16(narrow, (int16_t)zero_point);
    return vminq_s16(vmaxq_s16(moved, vdupq_n_s16((int16_t)minimum)), vdupq_n_s16((int16_t)maximum));
}

/* 8 values saturated to int8, in the low byte of each 16-bit lane; the high byte is anything. */
static inline int16x8_t helium_byte_x8(int16x8_t value) {
    return vreinterpretq_s16_s8(vqmovnbq_s16(vreinterpretq_s8_s16(value), value));
}

/* The table's entries for the same bytes. They are narrowed into zeros: narrowed into themselves and then widened to
 * indices, they are zero to clang 14 to 17. */
static inline int16x8_t helium_table_x8(const int8_t *table, int16x8_t value) {
    return vldrbq_gather_offset_s16(table, vreinterpretq_u16_s8(vqmovnbq_s16(vdupq_n_s8(0), value)));
}

/* 16 accumulators, in narrowing order, to 16 int8 results in channel order. `entry`: index of the group's first entry.
 */
static inline int8x16_t helium_requantise_x16(const helium_requantise_t *r, int32_t entry, int32x4_t v0, int32x4_t v1,
                                              int32x4_t v2, int32x4_t v3) {
    const int32_t *multiplier = r->multiplier + entry, *shift = r->shift + entry;
    if (r->left_shift != NULL) {
        const int32_t *left = r->left_shift + entry;
        v0 = vqshlq_s32(v0, vldrwq_s32(left));
        v1 = vqshlq_s32(v1, vldrwq_s32(left + 4));
        v2 = vqshlq_s32(v2, vldrwq_s32(left + 8));
        v3 = vqshlq_s32(v3, vldrwq_s32(left + 12));
    }
    v0 = helium_requantise_x4(v0, vldrwq_s32(multiplier), vldrwq_s32(shift));
    v1 = helium_requantise_x4(v1, vldrwq_s32(multiplier + 4), vldrwq_s32(shift + 4));
    v2 = helium_requantise_x4(v2, vldrwq_s32(multiplier + 8), vldrwq_s32(shift + 8));
    v3 = helium_requantise_x4(v3, vldrwq_s32(multiplier + 12), vldrwq_s32(shift + 12));
    return helium_narrow_x16(v0, v1, v2, v3, r->zero_point, r->minimum, r->maximum);
}

/* The same without left shifts, and with the clamp of a byte. */
static inline int8x16_t helium_requantise_byte_x16(const int32_t *multiplier, const int32_t *shift, int32_t zero_point,
                                                   const int32x4_t sums[4]) {
    const int32x4_t v0 = helium_requantise_x4(sums[0], vldrwq_s32(multiplier), vldrwq_s32(shift));
    const int32x4_t v2 = helium_requantise_x4(sums[2], vldrwq_s32(multiplier + 8), vldrwq_s32(shift + 8));
    int16x8_t even = vqmovntq_s32(vqmovnbq_s32(vdupq_n_s16(0), v0), v2);
    even = vqaddq_n_s16(even, (int16_t)zero_point);
    const int32x4_t v1 = helium_requantise_x4(sums[1], vldrwq_s32(multiplier + 4), vldrwq_s32(shift + 4));
    const int32x4_t v3 = helium_requantise_x4(sums[3], vldrwq_s32(multiplier + 12), vldrwq_s32(shift + 12));
    int16x8_t odd = vqmovntq_s32(vqmovnbq_s32(vdupq_n_s16(0), v1), v3);
    odd = vqaddq_n_s16(odd, (int16_t)zero_point);
    return vqmovntq_s16(vqmovnbq_s16(vdupq_n_s8(0), even), odd);
}

#endif
#endif
