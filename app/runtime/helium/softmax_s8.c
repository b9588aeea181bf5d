#include "softmax_s8.h"

#include "requantise.h"

/* 1 / total is inverse * 2^(places - 63). */
typedef struct {
    int32_t places; /* leading zeros of total */
    uint32_t inverse;
} inverse_t;

static inverse_t inverse_of(uint32_t total) {
    const int32_t places = __builtin_clz(total);
    const uint64_t inverse = (1ull << 63) / (total << places);
    return (inverse_t){places, inverse > UINT32_MAX ? UINT32_MAX : (uint32_t)inverse};
}

#if HELIUM_MVE

static int32_t largest_of(const int8_t *input, int32_t channels) {
    int8_t largest = INT8_MIN;
    for (int32_t c = 0; c < channels; c += 16) {
        const mve_pred16_t active = vctp8q((uint32_t)(channels - c));
        largest = vmaxvq_p_s8(largest, vldrbq_z_s8(input + c, active), active);
    }
    return largest;
}

static inline uint32x4_t entries_x4(const uint32_t *table, int32x4_t largest, const int8_t *input, mve_pred16_t p) {
    const int32x4_t distance = vsubq_s32(largest, vldrbq_z_s32(input, p));
    return vldrwq_gather_shifted_offset_z_u32(table, vreinterpretq_u32_s32(distance), p);
}

static void one_pixel(const helium_softmax_t *s, const int8_t *input, int8_t *output) {
    const int32x4_t largest = vdupq_n_s32(largest_of(input, s->channels));
    uint32_t total = 0;
    for (int32_t c = 0; c < s->channels; c += 4) {
        const mve_pred16_t active = vctp32q((uint32_t)(s->channels - c));
        total = vaddvaq_p_u32(total, entries_x4(s->table, largest, input + c, active), active);
    }
    const inverse_t inverse = inverse_of(total);
    const uint32x4_t factor = vdupq_n_u32(inverse.inverse), most = vdupq_n_u32(INT32_MAX);
    const int32x4_t low = vdupq_n_s32(INT8_MIN), high = vdupq_n_s32(INT8_MAX);
    for (int32_t c = 0; c < s->channels; c += 4) {
        const mve_pred16_t active = vctp32q((uint32_t)(s->channels - c));
        const uint32x4_t entries = vshlq_r_u32(entries_x4(s->table, largest, input + c, active), inverse.places);
        const int32x4_t share = vreinterpretq_s32_u32(vminq_u32(vmulhq_u32(entries, factor), most));
        const int32x4_t steps = helium_requantise_n_x4(share, s->multiplier, s->shift);
        const int32x4_t moved = vaddq_n_s32(vminq_s32(steps, vdupq_n_s32(512)), s->zero_point);
        vstrbq_p_s32(output + c, vminq_s32(vmaxq_s32(moved, low), high), active);
    }
}

#else

static void one_pixel(const helium_softmax_t *s, const int8_t *input, int8_t *output) {
    int32_t largest = INT8_MIN;
    for (int32_t c = 0; c < s->channels; c++) {
        largest = input[c] > largest ? input[c] : largest;
    }
    uint32_t total = 0;
    for (int32_t c = 0; c < s->channels; c++) {
        total += s->table[largest - input[c]];
    }
    const inverse_t inverse = inverse_of(total);
    for (int32_t c = 0; c < s->channels; c++) {
        const uint64_t entry = s->table[largest - input[c]] << inverse.places;
        const uint64_t share = (entry * inverse.inverse) >> 32;
        const int32_t probability = share > INT32_MAX ? INT32_MAX : (int32_t)share;
        output[c] = helium_requantise_s8(probability, s->multiplier, s->shift, s->zero_point, INT8_MIN, INT8_MAX);
    }
}

#endif

void helium_softmax_s8(const helium_softmax_t *softmax, const int8_t *input, int8_t *output, int32_t pixels) {
    const helium_softmax_t own = *softmax; /* a copy stays in registers: the output might overwrite the original */
    for (int32_t i = 0; i < pixels; i++, input += own.channels, output += own.channels) {
        one_pixel(&own, input, output);
    }
}
