#include "add_s8.h"

#include "epilogue_s8.h"

#if HELIUM_MVE

/* 16 sums. Even and odd lanes, widened twice, are in narrowing order. */
static inline int8x16_t add_x16(const helium_add_t *add, int8x16_t first, int8x16_t second) {
    const int16x8_t a_even = vmovlbq_s8(first), a_odd = vmovltq_s8(first);
    const int16x8_t b_even = vmovlbq_s8(second), b_odd = vmovltq_s8(second);
    const int32x4_t v0 = helium_sum_x4(add, vmovlbq_s16(a_even), vmovlbq_s16(b_even));
    const int32x4_t v1 = helium_sum_x4(add, vmovlbq_s16(a_odd), vmovlbq_s16(b_odd));
    const int32x4_t v2 = helium_sum_x4(add, vmovltq_s16(a_even), vmovltq_s16(b_even));
    const int32x4_t v3 = helium_sum_x4(add, vmovltq_s16(a_odd), vmovltq_s16(b_odd));
    return helium_narrow_x16(v0, v1, v2, v3, add->zero_point, add->minimum, add->maximum);
}

void helium_add_s8(const helium_add_t *add, const int8_t *first, const int8_t *second, int8_t *output, int32_t count) {
    if (helium_add_is_usual(add)) {
        const helium_usual_add_t usual = helium_usual_add(add);
        for (; count > 0; count -= 16, first += 16, second += 16, output += 16) {
            const mve_pred16_t active = vctp8q((uint32_t)count);
            const int8x16_t a = vldrbq_z_s8(first, active), b = vldrbq_z_s8(second, active);
            vstrbq_p_s8(output, helium_usual_add_x16(&usual, a, b), active);
        }
        return;
    }
    const helium_add_t own = *add; /* a copy stays in registers: the output might overwrite the original */
    for (; count > 0; count -= 16) {
        const mve_pred16_t active = vctp8q((uint32_t)count);
        const int8x16_t sum = add_x16(&own, vldrbq_z_s8(first, active), vldrbq_z_s8(second, active));
        vstrbq_p_s8(output, sum, active);
        first += 16;
        second += 16;
        output += 16;
    }
}

#elif HELIUM_HOST_VECTORS

#include "add_lanes.h"

void helium_add_s8(const helium_add_t *add, const int8_t *first, const int8_t *second, int8_t *output, int32_t count) {
    const helium_add_t own = *add; /* a copy stays in registers: the output might overwrite the original */
    for (int32_t i = 0; i < count; i += VECTOR_LANES) {
        add_some_bytes(&own, first + i, second + i, output + i, count - i);
    }
}

#else

void helium_add_s8(const helium_add_t *add, const int8_t *first, const int8_t *second, int8_t *output, int32_t count) {
    for (int32_t i = 0; i < count; i++) {
        output[i] = helium_add_element(add, first[i], second[i]);
    }
}

#endif
