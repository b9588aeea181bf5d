#include "add_s16.h"

#include "epilogue_s8.h"

#if HELIUM_MVE

/* 8 values, shifted left and scaled: even and odd ones. The left shift is one bit, then 16 on the way to 32 bits. */
static inline int32x4x2_t addend_x8(const helium_addend_t *a, int16x8_t x) {
    const int16x8_t doubled = vshlq_n_s16(x, HELIUM_ADDEND_SHIFT_S16 - 16);
    return (int32x4x2_t){{helium_requantise_n_x4(vshllbq_n_s16(doubled, 16), a->multiplier, a->shift),
                          helium_requantise_n_x4(vshlltq_n_s16(doubled, 16), a->multiplier, a->shift)}};
}

void helium_add_s16(const helium_add_t *add, const int16_t *first, const int16_t *second, int16_t *output,
                    int32_t count) {
    const helium_add_t own = *add; /* a copy stays in registers: the output might overwrite the original */
    for (; count > 0; count -= 8, first += 8, second += 8, output += 8) {
        const mve_pred16_t active = vctp16q((uint32_t)count);
        const int32x4x2_t a = addend_x8(&own.first, vldrhq_z_s16(first, active));
        const int32x4x2_t b = addend_x8(&own.second, vldrhq_z_s16(second, active));
        const int16x8_t sum =
            helium_narrow_x8(helium_scaled_sum_x4(&own, a.val[0], b.val[0]),
                             helium_scaled_sum_x4(&own, a.val[1], b.val[1]), own.zero_point, own.minimum, own.maximum);
        vstrhq_p_s16(output, sum, active);
    }
}

#elif HELIUM_HOST_VECTORS

#include "add_lanes.h"

void helium_add_s16(const helium_add_t *add, const int16_t *first, const int16_t *second, int16_t *output,
                    int32_t count) {
    const helium_add_t own = *add; /* a copy stays in registers: the output might overwrite the original */
    for (int32_t i = 0; i < count; i += VECTOR_LANES) {
        add_some_halves(&own, first + i, second + i, output + i, count - i);
    }
}

#else

void helium_add_s16(const helium_add_t *add, const int16_t *first, const int16_t *second, int16_t *output,
                    int32_t count) {
    for (int32_t i = 0; i < count; i++) {
        const int32_t scaled = helium_requantise(helium_sum(add, first[i], second[i]), add->multiplier, add->shift);
        output[i] = (int16_t)helium_clamp(scaled, add->minimum, add->maximum);
    }
}

#endif
