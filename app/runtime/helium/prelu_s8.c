#include "prelu_s8.h"

#include "requantise.h"

#if HELIUM_MVE

static void one_pixel(const helium_prelu_t *p, const int8_t *input, int8_t *output) {
    const int32x4_t low = vdupq_n_s32(INT8_MIN), high = vdupq_n_s32(INT8_MAX);
    const int32x4_t multiplier = vdupq_n_s32(p->multiplier), shift = vdupq_n_s32(p->shift);
    for (int32_t c = 0; c < p->channels; c += 4) {
        const mve_pred16_t active = vctp32q((uint32_t)(p->channels - c));
        const int32x4_t moved = vsubq_n_s32(vldrbq_z_s32(input + c, active), p->input_zero_point);
        const int32x4_t accumulator = vshlq_n_s32(moved, HELIUM_PRELU_SHIFT);
        const mve_pred16_t below = vcmpltq_n_s32(accumulator, 0);
        const int32x4_t factor = vpselq_s32(vldrwq_z_s32(p->below_multiplier + c, active), multiplier, below);
        const int32x4_t right = vpselq_s32(vldrwq_z_s32(p->below_shift + c, active), shift, below);
        const int32x4_t result = vaddq_n_s32(helium_requantise_x4(accumulator, factor, right), p->zero_point);
        vstrbq_p_s32(output + c, vminq_s32(vmaxq_s32(result, low), high), active);
    }
}

#else

static void one_pixel(const helium_prelu_t *p, const int8_t *input, int8_t *output) {
    for (int32_t c = 0; c < p->channels; c++) {
        const int32_t accumulator = (input[c] - p->input_zero_point) * (1 << HELIUM_PRELU_SHIFT);
        const int32_t multiplier = accumulator < 0 ? p->below_multiplier[c] : p->multiplier;
        const int32_t shift = accumulator < 0 ? p->below_shift[c] : p->shift;
        output[c] = helium_requantise_s8(accumulator, multiplier, shift, p->zero_point, INT8_MIN, INT8_MAX);
    }
}

#endif

void helium_prelu_s8(const helium_prelu_t *p, const int8_t *input, int8_t *output, int32_t pixels) {
    const helium_prelu_t own = *p; /* a copy stays in registers: the output might overwrite the original */
    for (int32_t i = 0; i < pixels; i++, input += own.channels, output += own.channels) {
        one_pixel(&own, input, output);
    }
}
