#include "matrix_s8.h"

#include "epilogue_s8.h"
#include "multiply_s8.h"

#define GROUP HELIUM_MATRIX_GROUP
#define MINIMUM_OF_A_BYTE (-128)
#define MAXIMUM_OF_A_BYTE 127

/* int32 values a group of channels has in `constants`. */
static inline int32_t group_size(const helium_matrix_s8_t *m) {
    return m->has_left_shift ? 4 * GROUP : 3 * GROUP;
}

#if HELIUM_MVE

/* The constants of one group, even and odd channels. */
typedef struct {
    int32x4_t bias[2];
    int32x4_t multiplier[2];
    int32x4_t shift[2];
} group_t;

static inline group_t load_group(const int32_t *constants) {
    return (group_t){{vldrwq_s32(constants), vldrwq_s32(constants + 4)},
                     {vldrwq_s32(constants + 8), vldrwq_s32(constants + 12)},
                     {vldrwq_s32(constants + 16), vldrwq_s32(constants + 20)}};
}

/* 8 results of one pixel in 16-bit lanes, not clamped further than 16 bits. */
static inline int16x8_t scaled(const group_t *g, const int32_t *accumulators, int32_t zero_point) {
    const int32x4x2_t sums = vld2q_s32(accumulators);
    const int32x4_t even = vaddq_s32(sums.val[0], g->bias[0]), odd = vaddq_s32(sums.val[1], g->bias[1]);
    const int16x8_t narrow =
        vqmovntq_s32(vqmovnbq_s32(vdupq_n_s16(0), helium_requantise_x4(even, g->multiplier[0], g->shift[0])),
                     helium_requantise_x4(odd, g->multiplier[1], g->shift[1]));
    return vqaddq_n_s16(narrow, (int16_t)zero_point);
}

/* The usual case: no epilogue, and the clamp is that of a byte. */
static void finish_plain(const helium_matrix_s8_t *m, const int32_t *constants, int32_t channels, int32_t pixels,
                         const int32_t *accumulators, int8_t *output) {
    for (int32_t left = channels; left > 0; left -= GROUP) {
        const mve_pred16_t lanes = vctp16q((uint32_t)left);
        const group_t g = load_group(constants);
        int8_t *to = output;
        for (int32_t p = 0; p < pixels; p++) {
            const int16x8_t wide = scaled(&g, accumulators + p * HELIUM_MATRIX_CHANNELS, m->zero_point);
            /* Saturates the low byte of each lane; that is the byte which is stored. */
            const int8x16_t bytes = vqmovnbq_s16(vreinterpretq_s8_s16(wide), wide);
            vstrbq_p_s16(to, vreinterpretq_s16_s8(bytes), lanes);
            to += m->channels;
        }
        constants += 3 * GROUP;
        accumulators += GROUP;
        output += GROUP;
    }
}

/* One pixel, everything: left shifts, clamp, epilogue. */
static void finish_general(const helium_matrix_s8_t *m, const int32_t *constants, int32_t channels,
                           const int32_t *accumulators, int8_t *output, const int8_t *residual) {
    const int16x8_t lowest = vdupq_n_s16((int16_t)m->minimum), highest = vdupq_n_s16((int16_t)m->maximum);
    for (int32_t left = channels; left > 0; left -= GROUP) {
        const mve_pred16_t lanes = vctp16q((uint32_t)left);
        const group_t g = load_group(constants);
        int16x8_t value;
        if (m->has_left_shift) {
            const int32x4x2_t sums = vld2q_s32(accumulators);
            const int32x4_t even = vqshlq_s32(vaddq_s32(sums.val[0], g.bias[0]), vldrwq_s32(constants + 24));
            const int32x4_t odd = vqshlq_s32(vaddq_s32(sums.val[1], g.bias[1]), vldrwq_s32(constants + 28));
            value = helium_narrow_x8(helium_requantise_x4(even, g.multiplier[0], g.shift[0]),
                                     helium_requantise_x4(odd, g.multiplier[1], g.shift[1]), m->zero_point, m->minimum,
                                     m->maximum);
        } else {
            value = vminq_s16(vmaxq_s16(scaled(&g, accumulators, m->zero_point), lowest), highest);
        }
        vstrbq_p_s16(output, helium_epilogue_x8(&m->epilogue, value, residual, lanes), lanes);
        constants += group_size(m);
        accumulators += GROUP;
        output += GROUP;
        residual += GROUP;
    }
}

static int is_plain(const helium_matrix_s8_t *m) {
    return m->minimum == MINIMUM_OF_A_BYTE && m->maximum == MAXIMUM_OF_A_BYTE && !m->has_left_shift &&
           m->epilogue.table == NULL && m->epilogue.add == NULL;
}

static void finish(const helium_matrix_s8_t *m, const int32_t *constants, int32_t channels, int32_t pixels,
                   const int32_t *accumulators, int8_t *output, const int8_t *residual) {
    if (is_plain(m)) {
        finish_plain(m, constants, channels, pixels, accumulators, output);
        return;
    }
    for (int32_t p = 0; p < pixels; p++) {
        const int8_t *added = m->epilogue.add != NULL ? residual + p * m->channels : output;
        finish_general(m, constants, channels, accumulators + p * HELIUM_MATRIX_CHANNELS, output + p * m->channels,
                       added);
    }
}

#else

static void finish(const helium_matrix_s8_t *m, const int32_t *constants, int32_t channels, int32_t pixels,
                   const int32_t *accumulators, int8_t *output, const int8_t *residual) {
    for (int32_t p = 0; p < pixels; p++) {
        for (int32_t c = 0; c < channels; c++) {
            const int32_t *own = constants + c / GROUP * group_size(m) + HELIUM_MATRIX_ENTRY(c);
            const int32_t left_shift = m->has_left_shift ? own[3 * GROUP] : 0;
            const int32_t shift = left_shift > 0 ? left_shift - 1 : own[2 * GROUP];
            const int32_t sum = accumulators[p * HELIUM_MATRIX_CHANNELS + c] + own[0];
            /* Clamped before the zero point is added, so that the sum cannot overflow. */
            const int32_t result = helium_clamp(helium_requantise(sum, own[GROUP], shift), -512, 512);
            const int8_t value = (int8_t)helium_clamp(result + m->zero_point, m->minimum, m->maximum);
            const int32_t at = p * m->channels + c;
            output[at] = helium_epilogue_element(&m->epilogue, value, residual + (m->epilogue.add != NULL ? at : 0));
        }
    }
}

#endif

void helium_matrix_s8(const helium_matrix_s8_t *m, int32_t first, int32_t channels,
                      const int8_t *const pixel[HELIUM_MATRIX_PIXELS], int32_t pixels, int8_t *output,
                      const int8_t *residual) {
    /* The kernel multiplies 4 channels at a time; the weights are filled up to that. */
    int32_t accumulators[HELIUM_MATRIX_PIXELS * HELIUM_MATRIX_CHANNELS] __attribute__((aligned(16)));
    const int32_t depth_bytes = (m->depth + 15) / 16 * 16;
    helium_multiply_s8(m->weights + first * depth_bytes, m->depth, (channels + 3) / 4 * 4, pixel, pixels, accumulators);
    finish(m, m->constants + first / GROUP * group_size(m), channels, pixels, accumulators, output + first,
           m->epilogue.add != NULL ? residual + first : output);
}

void helium_matrix_all_channels_s8(const helium_matrix_s8_t *m, const int8_t *const pixel[HELIUM_MATRIX_PIXELS],
                                   int32_t pixels, int8_t *output, const int8_t *residual) {
    for (int32_t first = 0; first < m->channels; first += HELIUM_MATRIX_CHANNELS) {
        const int32_t left = m->channels - first;
        const int32_t channels = left < HELIUM_MATRIX_CHANNELS ? left : HELIUM_MATRIX_CHANNELS;
        helium_matrix_s8(m, first, channels, pixel, pixels, output, residual);
    }
}
