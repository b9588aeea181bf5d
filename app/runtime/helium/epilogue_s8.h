/* What follows a layer's int8 result: a table, then a residual addition. For inclusion in kernels. */
#ifndef EPILOGUE_S8_H
#define EPILOGUE_S8_H

#include "requantise.h"

static inline int32_t helium_addend(const helium_addend_t *a, int32_t x) {
    const int32_t shifted = (x - a->zero_point) * ((int32_t)1 << a->left_shift);
    return helium_requantise(shifted, a->multiplier, a->shift);
}

/* The sum of two elements in front of its requantisation. */
static inline int32_t helium_sum(const helium_add_t *add, int32_t first, int32_t second) {
    const int64_t sum = (int64_t)helium_addend(&add->first, first) + helium_addend(&add->second, second);
    const int64_t shifted = sum * ((int64_t)1 << add->left_shift);
    return shifted > INT32_MAX ? INT32_MAX : shifted < INT32_MIN ? INT32_MIN : (int32_t)shifted;
}

/* One element of an addition of two int8 tensors. */
static inline int8_t helium_add_element(const helium_add_t *add, int8_t first, int8_t second) {
    return helium_requantise_s8(helium_sum(add, first, second), add->multiplier, add->shift, add->zero_point,
                                add->minimum, add->maximum);
}

/* The epilogue of one element; `residual` is only read where there is an addition. */
static inline int8_t helium_epilogue_element(const helium_epilogue_t *e, int8_t value, const int8_t *residual) {
    const int8_t x = e->table != NULL ? e->table[(uint8_t)value] : value;
    return e->add != NULL ? helium_add_element(e->add, x, *residual) : x;
}

#if HELIUM_MVE

/* An operand of 4 lanes, whatever its left shift. */
static inline int32x4_t helium_addend_x4(const helium_addend_t *a, int32x4_t x) {
    const int32_t unit = (int32_t)((uint32_t)1 << a->left_shift);
    const int32x4_t shifted = vmlasq_n_s32(x, vdupq_n_s32(unit), -a->zero_point * unit);
    return helium_requantise_n_x4(shifted, a->multiplier, a->shift);
}

/* 4 elements of any addition, without zero point and clamp. */
static inline int32x4_t helium_sum_x4(const helium_add_t *add, int32x4_t first, int32x4_t second) {
    const int32x4_t sum = vaddq_s32(helium_addend_x4(&add->first, first), helium_addend_x4(&add->second, second));
    return helium_requantise_n_x4(vqshlq_r_s32(sum, add->left_shift), add->multiplier, add->shift);
}

/* 16 sums. Even and odd lanes, widened twice, are in narrowing order. */
static inline int8x16_t helium_add_x16(const helium_add_t *add, int8x16_t first, int8x16_t second) {
    const int16x8_t a_even = vmovlbq_s8(first), a_odd = vmovltq_s8(first);
    const int16x8_t b_even = vmovlbq_s8(second), b_odd = vmovltq_s8(second);
    const int32x4_t v0 = helium_sum_x4(add, vmovlbq_s16(a_even), vmovlbq_s16(b_even));
    const int32x4_t v1 = helium_sum_x4(add, vmovlbq_s16(a_odd), vmovlbq_s16(b_odd));
    const int32x4_t v2 = helium_sum_x4(add, vmovltq_s16(a_even), vmovltq_s16(b_even));
    const int32x4_t v3 = helium_sum_x4(add, vmovltq_s16(a_odd), vmovltq_s16(b_odd));
    return helium_narrow_x16(v0, v1, v2, v3, add->zero_point, add->minimum, add->maximum);
}

/* An operand of 8 lanes: even and odd ones. Left shifts in two steps: 9 bits to 15, then on the way to 32 bits. */
static inline int32x4x2_t helium_addend_x8(const helium_addend_t *a, int16x8_t x) {
    const int16x8_t shifted = vshlq_n_s16(vsubq_n_s16(x, (int16_t)a->zero_point), HELIUM_ADDEND_SHIFT - 16);
    return (int32x4x2_t){{helium_requantise_n_x4(vshllbq_n_s16(shifted, 16), a->multiplier, a->shift),
                          helium_requantise_n_x4(vshlltq_n_s16(shifted, 16), a->multiplier, a->shift)}};
}

/* What the usual addition keeps in registers: scalars, and the zero points for 8 lanes. */
typedef struct {
    helium_addend_t first;
    helium_addend_t second;
    int32_t multiplier;
    int32_t shift;
    int16x8_t first_zero; /* shifted left by HELIUM_ADDEND_SHIFT - 16 */
    int16x8_t second_zero;
    int16x8_t zero_point;
} helium_usual_add_t;

static inline helium_usual_add_t helium_usual_add(const helium_add_t *add) {
    const int32_t unit = 1 << (HELIUM_ADDEND_SHIFT - 16);
    return (helium_usual_add_t){
        .first = add->first,
        .second = add->second,
        .multiplier = add->multiplier,
        .shift = add->shift,
        .first_zero = vdupq_n_s16((int16_t)(add->first.zero_point * unit)),
        .second_zero = vdupq_n_s16((int16_t)(add->second.zero_point * unit)),
        .zero_point = vdupq_n_s16((int16_t)add->zero_point),
    };
}

/* 8 elements, shifted left by HELIUM_ADDEND_SHIFT - 16, saturated to 16 bits. */
static inline int16x8_t helium_usual_add_x8(const helium_usual_add_t *u, int16x8_t first, int16x8_t second) {
    const int16x8_t a = vsubq_s16(first, u->first_zero), b = vsubq_s16(second, u->second_zero);
    const int32x4_t a0 = helium_requantise_n_x4(vshllbq_n_s16(a, 16), u->first.multiplier, u->first.shift);
    const int32x4_t b0 = helium_requantise_n_x4(vshllbq_n_s16(b, 16), u->second.multiplier, u->second.shift);
    const int32x4_t even = helium_requantise_n_x4(vaddq_s32(a0, b0), u->multiplier, u->shift);
    const int32x4_t a1 = helium_requantise_n_x4(vshlltq_n_s16(a, 16), u->first.multiplier, u->first.shift);
    const int32x4_t b1 = helium_requantise_n_x4(vshlltq_n_s16(b, 16), u->second.multiplier, u->second.shift);
    const int32x4_t odd = helium_requantise_n_x4(vaddq_s32(a1, b1), u->multiplier, u->shift);
    return vqaddq_s16(vqmovntq_s32(vqmovnbq_s32(vdupq_n_s16(0), even), odd), u->zero_point);
}

/* 16 elements of an addition that helium_add_is_usual. */
static inline int8x16_t helium_usual_add_x16(const helium_usual_add_t *u, int8x16_t first, int8x16_t second) {
    const int16x8_t even = helium_usual_add_x8(u, vshllbq_n_s8(first, HELIUM_ADDEND_SHIFT - 16),
                                               vshllbq_n_s8(second, HELIUM_ADDEND_SHIFT - 16));
    const int16x8_t odd = helium_usual_add_x8(u, vshlltq_n_s8(first, HELIUM_ADDEND_SHIFT - 16),
                                              vshlltq_n_s8(second, HELIUM_ADDEND_SHIFT - 16));
    return vqmovntq_s16(vqmovnbq_s16(vdupq_n_s8(0), even), odd);
}

/* True where operands are shifted left by HELIUM_ADDEND_SHIFT, and the clamp is that of a byte. */
static inline int helium_add_is_usual(const helium_add_t *add) {
    return add->first.left_shift == HELIUM_ADDEND_SHIFT && add->second.left_shift == HELIUM_ADDEND_SHIFT &&
           add->left_shift == 0 && add->minimum == INT8_MIN && add->maximum == INT8_MAX;
}

/* requantise(first + second) of the sum. */
static inline int32x4_t helium_scaled_sum_x4(const helium_add_t *add, int32x4_t first, int32x4_t second) {
    return helium_requantise_n_x4(vqshlq_r_s32(vaddq_s32(first, second), add->left_shift), add->multiplier, add->shift);
}

/* 8 elements of any addition whose operands are shifted left by HELIUM_ADDEND_SHIFT, as 16-bit lanes. */
static inline int16x8_t helium_add_x8(const helium_add_t *add, int16x8_t first, int16x8_t second) {
    const int32x4x2_t a = helium_addend_x8(&add->first, first), b = helium_addend_x8(&add->second, second);
    return helium_narrow_x8(helium_scaled_sum_x4(add, a.val[0], b.val[0]),
                            helium_scaled_sum_x4(add, a.val[1], b.val[1]), add->zero_point, add->minimum, add->maximum);
}

/* The epilogue of 8 elements in 16-bit lanes; `lanes` says which are read from `residual`. */
static inline int16x8_t helium_epilogue_x8(const helium_epilogue_t *e, int16x8_t value, const int8_t *residual,
                                           mve_pred16_t lanes) {
    if (e->table != NULL) { /* the low byte of each lane is the index */
        value = vldrbq_gather_offset_s16(e->table, vmovlbq_u8(vreinterpretq_u8_s16(value)));
    }
    return e->add != NULL ? helium_add_x8(e->add, value, vldrbq_z_s16(residual, lanes)) : value;
}

#endif
#endif
