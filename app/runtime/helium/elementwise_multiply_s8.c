#include "elementwise_multiply_s8.h"

#include "broadcast_s8.h"
#include "requantise.h"

#if HELIUM_MVE

static inline int32x4_t scaled(const helium_elementwise_multiply_t *m, int32x4_t product) {
    return helium_requantise_n_x4(vqshlq_r_s32(product, m->left_shift), m->multiplier, m->shift);
}

/* 16 products with any scale. Even and odd lanes, widened twice, are in narrowing order. */
static inline int8x16_t any_products(const void *parameters, int8x16_t first, int8x16_t second) {
    const helium_elementwise_multiply_t *m = parameters;
    const int16_t first_zero = (int16_t)m->first_zero_point, second_zero = (int16_t)m->second_zero_point;
    const int16x8_t a_even = vsubq_n_s16(vmovlbq_s8(first), first_zero);
    const int16x8_t b_even = vsubq_n_s16(vmovlbq_s8(second), second_zero);
    const int16x8_t a_odd = vsubq_n_s16(vmovltq_s8(first), first_zero);
    const int16x8_t b_odd = vsubq_n_s16(vmovltq_s8(second), second_zero);
    return helium_narrow_x16(scaled(m, vmullbq_int_s16(a_even, b_even)), scaled(m, vmullbq_int_s16(a_odd, b_odd)),
                             scaled(m, vmulltq_int_s16(a_even, b_even)), scaled(m, vmulltq_int_s16(a_odd, b_odd)),
                             m->zero_point, m->minimum, m->maximum);
}

/* The usual product: a right shift of 1 ... 16, and the clamp of a byte. The second factor, of 9 bits, is shifted left
 * by up to 7, so that the shift to the right is 8 or 16 and an instruction that narrows does it: with h the high half,
 * floor(p * multiplier / 2^31) + (zero_point << n), rounded and shifted right by n, is the single rounding of the
 * product, moved by the zero point. */
typedef struct {
    int32x4_t multiplier;
    int32_t moved_zero_point; /* zero point << n */
    int32_t second_shift;
    int16_t first_zero_point;
    int16_t second_zero_point;
} usual_t;

static inline usual_t usual_of(const helium_elementwise_multiply_t *m, int32_t n) {
    return (usual_t){.multiplier = vdupq_n_s32(m->multiplier),
                     .moved_zero_point = m->zero_point * (1 << n),
                     .second_shift = n + m->shift,
                     .first_zero_point = (int16_t)m->first_zero_point,
                     .second_zero_point = (int16_t)m->second_zero_point};
}

static inline int is_usual(const helium_elementwise_multiply_t *m) {
    return m->left_shift == 0 && m->shift >= -16 && m->minimum == INT8_MIN && m->maximum == INT8_MAX;
}

/* 8 products of 16-bit lanes, narrowed to those lanes. `n` is a constant, as the instruction wants. */
#define PRODUCTS_X8(u, a, b, n)                                                                                        \
    vqrshrntq_n_s32(vqrshrnbq_n_s32(vdupq_n_s16(0), high(u, vmullbq_int_s16(a, b)), n),                                \
                    high(u, vmulltq_int_s16(a, b)), n)

static inline int32x4_t high(const usual_t *u, int32x4_t product) {
    return vqdmlashq_n_s32(product, u->multiplier, u->moved_zero_point);
}

#define USUAL_PRODUCTS(name, n)                                                                                        \
    static inline int8x16_t name(const void *parameters, int8x16_t first, int8x16_t second) {                          \
        const usual_t *u = parameters;                                                                                 \
        const int16x8_t a_even = vsubq_n_s16(vmovlbq_s8(first), u->first_zero_point);                                  \
        const int16x8_t b_even = vshlq_r_s16(vsubq_n_s16(vmovlbq_s8(second), u->second_zero_point), u->second_shift);  \
        const int16x8_t a_odd = vsubq_n_s16(vmovltq_s8(first), u->first_zero_point);                                   \
        const int16x8_t b_odd = vshlq_r_s16(vsubq_n_s16(vmovltq_s8(second), u->second_zero_point), u->second_shift);   \
        const int16x8_t even = PRODUCTS_X8(u, a_even, b_even, n), odd = PRODUCTS_X8(u, a_odd, b_odd, n);               \
        return vqmovntq_s16(vqmovnbq_s16(vdupq_n_s8(0), even), odd);                                                   \
    }

USUAL_PRODUCTS(usual_products_8, 8)
USUAL_PRODUCTS(usual_products_16, 16)

void helium_elementwise_multiply_s8(const helium_elementwise_multiply_t *m, const helium_broadcast_t *broadcast,
                                    const int8_t *first, const int8_t *second, int8_t *output) {
    if (!is_usual(m)) {
        const helium_elementwise_multiply_t own = *m;
        broadcast_s8(broadcast, first, second, output, &own, any_products);
    } else if (m->shift >= -8) {
        const usual_t usual = usual_of(m, 8);
        broadcast_s8(broadcast, first, second, output, &usual, usual_products_8);
    } else {
        const usual_t usual = usual_of(m, 16);
        broadcast_s8(broadcast, first, second, output, &usual, usual_products_16);
    }
}

#else

static int8_t product(const void *parameters, int8_t first, int8_t second) {
    const helium_elementwise_multiply_t *m = parameters;
    const int32_t exponent = m->left_shift != 0 ? m->left_shift - 1 : m->shift;
    const int32_t exact = (first - m->first_zero_point) * (second - m->second_zero_point);
    return helium_requantise_s8(exact, m->multiplier, exponent, m->zero_point, m->minimum, m->maximum);
}

void helium_elementwise_multiply_s8(const helium_elementwise_multiply_t *m, const helium_broadcast_t *broadcast,
                                    const int8_t *first, const int8_t *second, int8_t *output) {
    const helium_elementwise_multiply_t own = *m;
    broadcast_s8(broadcast, first, second, output, &own, product);
}

#endif
