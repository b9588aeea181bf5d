#include "elementwise_multiply_s8.h"

#include "requantise.h"

#if HELIUM_MVE

static inline int32x4_t scaled(const helium_elementwise_multiply_t *m, int32x4_t product) {
    return helium_requantise_n_x4(vqshlq_r_s32(product, m->left_shift), m->multiplier, m->shift);
}

/* 16 products. Even and odd lanes, widened twice, are in narrowing order. */
static inline int8x16_t multiply_x16(const helium_elementwise_multiply_t *m, int8x16_t first, int8x16_t second) {
    const int16_t first_zero = (int16_t)m->first_zero_point, second_zero = (int16_t)m->second_zero_point;
    const int16x8_t a_even = vsubq_n_s16(vmovlbq_s8(first), first_zero);
    const int16x8_t b_even = vsubq_n_s16(vmovlbq_s8(second), second_zero);
    const int16x8_t a_odd = vsubq_n_s16(vmovltq_s8(first), first_zero);
    const int16x8_t b_odd = vsubq_n_s16(vmovltq_s8(second), second_zero);
    return helium_narrow_x16(scaled(m, vmullbq_int_s16(a_even, b_even)), scaled(m, vmullbq_int_s16(a_odd, b_odd)),
                             scaled(m, vmulltq_int_s16(a_even, b_even)), scaled(m, vmulltq_int_s16(a_odd, b_odd)),
                             m->zero_point, m->minimum, m->maximum);
}

static void multiply(const helium_elementwise_multiply_t *m, const int8_t *first, const int8_t *second, int8_t *output,
                     int32_t count) {
    const helium_elementwise_multiply_t own =
        *m; /* a copy stays in registers: the output might overwrite the original */
    for (; count > 0; count -= 16) {
        const mve_pred16_t active = vctp8q((uint32_t)count);
        const int8x16_t result = multiply_x16(&own, vldrbq_z_s8(first, active), vldrbq_z_s8(second, active));
        vstrbq_p_s8(output, result, active);
        first += 16;
        second += 16;
        output += 16;
    }
}

#else

static void multiply(const helium_elementwise_multiply_t *m, const int8_t *first, const int8_t *second, int8_t *output,
                     int32_t count) {
    const int32_t exponent = m->left_shift != 0 ? m->left_shift - 1 : m->shift;
    for (int32_t i = 0; i < count; i++) {
        const int32_t product = (first[i] - m->first_zero_point) * (second[i] - m->second_zero_point);
        output[i] = helium_requantise_s8(product, m->multiplier, exponent, m->zero_point, m->minimum, m->maximum);
    }
}

#endif

void helium_elementwise_multiply_s8(const helium_elementwise_multiply_t *m, const int8_t *first, const int8_t *second,
                                    int8_t *output, int32_t count, int32_t repeats) {
    for (int32_t i = 0; i < repeats; i++) {
        multiply(m, first + i * count, second, output + i * count, count);
    }
}
