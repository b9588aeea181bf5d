#include "divide_s8.h"

#include "broadcast_s8.h"
#include "requantise.h"

#if HELIUM_MVE

static inline int32x4_t quotients_x4(const helium_divide_t *d, int32x4_t numerator, uint32x4_t index) {
    const int32x4_t reciprocal = vldrwq_gather_shifted_offset_s32(d->reciprocals, index);
    const int32x4_t product = vmulq_s32(vsubq_n_s32(numerator, d->numerator_zero_point), reciprocal);
    return vrshrq_n_s32(product, HELIUM_RECIPROCAL_BITS);
}

static inline int8x16_t quotients(const void *parameters, int8x16_t numerator, int8x16_t denominator) {
    const helium_divide_t *d = parameters;
    const int16x8_t even = vmovlbq_s8(numerator), odd = vmovltq_s8(numerator);
    const uint8x16_t index = vreinterpretq_u8_s8(denominator);
    const uint16x8_t index_even = vmovlbq_u8(index), index_odd = vmovltq_u8(index);
    return helium_narrow_x16(quotients_x4(d, vmovlbq_s16(even), vmovlbq_u16(index_even)),
                             quotients_x4(d, vmovlbq_s16(odd), vmovlbq_u16(index_odd)),
                             quotients_x4(d, vmovltq_s16(even), vmovltq_u16(index_even)),
                             quotients_x4(d, vmovltq_s16(odd), vmovltq_u16(index_odd)), d->zero_point, INT8_MIN,
                             INT8_MAX);
}

static inline int8x16_t exchanged(const void *parameters, int8x16_t denominator, int8x16_t numerator) {
    return quotients(parameters, numerator, denominator);
}

#else

static int8_t quotients(const void *parameters, int8_t numerator, int8_t denominator) {
    const helium_divide_t *d = parameters;
    const int32_t product = (numerator - d->numerator_zero_point) * d->reciprocals[(uint8_t)denominator];
    const int32_t rounded = (product + (1 << (HELIUM_RECIPROCAL_BITS - 1))) >> HELIUM_RECIPROCAL_BITS;
    return (int8_t)helium_clamp(rounded + d->zero_point, INT8_MIN, INT8_MAX);
}

static int8_t exchanged(const void *parameters, int8_t denominator, int8_t numerator) {
    return quotients(parameters, numerator, denominator);
}

#endif

void helium_divide_s8(const helium_divide_t *divide, const helium_broadcast_t *broadcast, const int8_t *first,
                      const int8_t *second, int8_t *output) {
    const helium_divide_t own = *divide;
    broadcast_s8(broadcast, first, second, output, &own, quotients);
}

void helium_divide_exchanged_s8(const helium_divide_t *divide, const helium_broadcast_t *broadcast, const int8_t *first,
                                const int8_t *second, int8_t *output) {
    const helium_divide_t own = *divide;
    broadcast_s8(broadcast, first, second, output, &own, exchanged);
}
