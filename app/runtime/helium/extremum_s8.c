#include "extremum_s8.h"

#include "broadcast_s8.h"
#include "epilogue_s8.h"

#if HELIUM_MVE

#define EXTREMA(name, choose)                                                                                          \
    static inline int8x16_t name(const void *parameters, int8x16_t first, int8x16_t second) {                          \
        const helium_extremum_t *e = parameters;                                                                       \
        const int32x4x2_t a_even = helium_addend_x8(&e->first, vmovlbq_s8(first));                                     \
        const int32x4x2_t b_even = helium_addend_x8(&e->second, vmovlbq_s8(second));                                   \
        const int32x4x2_t a_odd = helium_addend_x8(&e->first, vmovltq_s8(first));                                      \
        const int32x4x2_t b_odd = helium_addend_x8(&e->second, vmovltq_s8(second));                                    \
        return helium_narrow_x16(choose(a_even.val[0], b_even.val[0]), choose(a_odd.val[0], b_odd.val[0]),             \
                                 choose(a_even.val[1], b_even.val[1]), choose(a_odd.val[1], b_odd.val[1]),             \
                                 e->zero_point, INT8_MIN, INT8_MAX);                                                   \
    }

EXTREMA(maximum, vmaxq_s32)
EXTREMA(minimum, vminq_s32)

#else

static int8_t result_of(const helium_extremum_t *e, int32_t chosen) {
    return (int8_t)helium_clamp(helium_clamp(chosen, -512, 512) + e->zero_point, INT8_MIN, INT8_MAX);
}

static int8_t maximum(const void *parameters, int8_t first, int8_t second) {
    const helium_extremum_t *e = parameters;
    const int32_t a = helium_addend(&e->first, first), b = helium_addend(&e->second, second);
    return result_of(e, a > b ? a : b);
}

static int8_t minimum(const void *parameters, int8_t first, int8_t second) {
    const helium_extremum_t *e = parameters;
    const int32_t a = helium_addend(&e->first, first), b = helium_addend(&e->second, second);
    return result_of(e, a < b ? a : b);
}

#endif

void helium_maximum_s8(const helium_extremum_t *extremum, const helium_broadcast_t *broadcast, const int8_t *first,
                       const int8_t *second, int8_t *output) {
    const helium_extremum_t own = *extremum;
    broadcast_s8(broadcast, first, second, output, &own, maximum);
}

void helium_minimum_s8(const helium_extremum_t *extremum, const helium_broadcast_t *broadcast, const int8_t *first,
                       const int8_t *second, int8_t *output) {
    const helium_extremum_t own = *extremum;
    broadcast_s8(broadcast, first, second, output, &own, minimum);
}
