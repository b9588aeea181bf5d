/* Depthwise convolution: 16 channels of one output pixel at a time.
 *
 * A pixel's window is a list of addresses, one a tap; a tap in the padding points to zero points, so that pixels at the
 * edge cost no more than others. Products of even and odd channels are 16 bits wide; two taps are summed in 16 bits
 * (2 * 127 * 128 fits) before they are widened. Widening even and odd halves again leaves the sums in narrowing order.
 */
#include "depthwise_s8.h"

#include <string.h>

#include "requantise.h"

#if HELIUM_MVE

#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* Four vectors of 32-bit sums of a group: lane i of lanes[j] is channel 4 * i + j. */
typedef struct {
    int32x4_t lanes[4];
} sums_t;

ALWAYS_INLINE void widen_and_add(sums_t *sums, int16x8_t even, int16x8_t odd) {
    sums->lanes[0] = vaddq_s32(sums->lanes[0], vmovlbq_s16(even));
    sums->lanes[1] = vaddq_s32(sums->lanes[1], vmovlbq_s16(odd));
    sums->lanes[2] = vaddq_s32(sums->lanes[2], vmovltq_s16(even));
    sums->lanes[3] = vaddq_s32(sums->lanes[3], vmovltq_s16(odd));
}

/* 16 channels of a tap. partial: only the `active` ones exist. */
ALWAYS_INLINE int8x16_t load(uint32_t address, int partial, mve_pred16_t active) {
    const int8_t *tap = (const int8_t *)address;
    return partial ? vldrbq_z_s8(tap, active) : vldrbq_s8(tap);
}

/* Sums of products of the group that starts at `channel`. */
ALWAYS_INLINE sums_t accumulate(const uint32_t taps[], int32_t tap_count, int32_t channel, const int8_t *weights,
                                const int32_t *bias, int partial, mve_pred16_t active) {
    sums_t sums = {{vldrwq_s32(bias), vldrwq_s32(bias + 4), vldrwq_s32(bias + 8), vldrwq_s32(bias + 12)}};
    int32_t tap = 0;
    for (; tap + 1 < tap_count; tap += 2) {
        const int8x16_t x0 = load(taps[tap] + (uint32_t)channel, partial, active), w0 = vldrbq_s8(weights);
        const int8x16_t x1 = load(taps[tap + 1] + (uint32_t)channel, partial, active),
                        w1 = vldrbq_s8(weights + HELIUM_GROUP);
        const int16x8_t even = vaddq_s16(vmullbq_int_s8(x0, w0), vmullbq_int_s8(x1, w1));
        const int16x8_t odd = vaddq_s16(vmulltq_int_s8(x0, w0), vmulltq_int_s8(x1, w1));
        widen_and_add(&sums, even, odd);
        weights += 2 * HELIUM_GROUP;
    }
    if (tap < tap_count) {
        const int8x16_t x = load(taps[tap] + (uint32_t)channel, partial, active), w = vldrbq_s8(weights);
        widen_and_add(&sums, vmullbq_int_s8(x, w), vmulltq_int_s8(x, w));
    }
    return sums;
}

ALWAYS_INLINE void group(const helium_depthwise_t *layer, const uint32_t taps[], int32_t tap_count, int32_t channel,
                         int8_t *output, int partial) {
    const mve_pred16_t active = vctp8q((uint32_t)(layer->channels - channel));
    const sums_t sums = accumulate(taps, tap_count, channel, layer->weights + channel * tap_count,
                                   layer->bias + channel, partial, active);
    int8x16_t result =
        helium_requantise_x16(&layer->requantise, channel, sums.lanes[0], sums.lanes[1], sums.lanes[2], sums.lanes[3]);
    if (layer->table != NULL) {
        result = vldrbq_gather_offset_s8(layer->table, vreinterpretq_u8_s8(result));
    }
    if (partial) {
        vstrbq_p_s8(output + channel, result, active);
    } else {
        vstrbq_s8(output + channel, result);
    }
}

/* All channels of one output pixel; the compiler may know tap_count. */
ALWAYS_INLINE void pixel(const helium_depthwise_t *layer, const uint32_t taps[], int32_t tap_count, int8_t *output) {
    int32_t channel = 0;
    for (; channel + HELIUM_GROUP <= layer->channels; channel += HELIUM_GROUP) {
        group(layer, taps, tap_count, channel, output, 0);
    }
    if (channel < layer->channels) {
        group(layer, taps, tap_count, channel, output, 1);
    }
}

/* The window whose leftmost column is `column`, as the addresses of its taps; filled up to a multiple of 4. */
static void find_taps(const helium_depthwise_t *layer, const int8_t *const rows[], const uint8_t *outside,
                      int32_t column, uint32_t taps[]) {
    int32_t count = 0;
    for (int32_t ky = 0; ky < layer->kernel_height; ky++) {
        for (int32_t kx = column; kx < column + layer->kernel_width; kx++) {
            const int inside = kx >= 0 && kx < layer->input_width;
            taps[count++] = inside ? (uint32_t)(rows[ky] + kx * layer->channels) : (uint32_t)outside;
        }
    }
    while (count % 4 != 0) {
        taps[count++] = 0;
    }
}

/* From one window inside the image to the next. */
ALWAYS_INLINE void advance_taps(uint32_t taps[], int32_t tap_count, uint32_t bytes) {
    for (int32_t tap = 0; tap < tap_count; tap += 4) {
        vstrwq_u32(taps + tap, vaddq_n_u32(vldrwq_u32(taps + tap), bytes));
    }
}

/* One row; the compiler may know tap_count. */
ALWAYS_INLINE void row(const helium_depthwise_t *layer, const int8_t *const rows[], int32_t tap_count, int8_t *output,
                       const uint8_t *outside) {
    uint32_t taps[HELIUM_DEPTHWISE_TAP_LIMIT];
    const int32_t last_inside = layer->input_width - layer->kernel_width; /* column of the last whole window */
    int32_t column = -layer->padding_left;
    int advancing = 0;
    for (int32_t x = 0; x < layer->output_width; x++) {
        if (advancing && column <= last_inside) {
            advance_taps(taps, tap_count, (uint32_t)(layer->stride_width * layer->channels));
        } else {
            find_taps(layer, rows, outside, column, taps);
            advancing = column >= 0;
        }
        pixel(layer, taps, tap_count, output);
        column += layer->stride_width;
        output += layer->channels;
    }
}

void helium_depthwise_row_s8(const helium_depthwise_t *layer, const int8_t *const rows[], int8_t *output,
                             uint8_t *scratch) {
    const int32_t tap_count = layer->kernel_height * layer->kernel_width;
    memset(scratch, layer->input_zero_point, (size_t)layer->channels);
    if (tap_count == 9) {
        row(layer, rows, 9, output, scratch);
    } else if (tap_count == 25) {
        row(layer, rows, 25, output, scratch);
    } else {
        row(layer, rows, tap_count, output, scratch);
    }
}

#else

static int8_t result_of(const helium_depthwise_t *layer, const int8_t *const rows[], int32_t column, int32_t channel) {
    const int32_t group = channel / HELIUM_GROUP * HELIUM_GROUP, lane = channel - group;
    const int32_t entry = group + HELIUM_NARROWING_ORDER(lane);
    const int8_t *weight = layer->weights + group * layer->kernel_height * layer->kernel_width + lane;
    int32_t sum = layer->bias[entry];
    for (int32_t ky = 0; ky < layer->kernel_height; ky++) {
        for (int32_t kx = column; kx < column + layer->kernel_width; kx++) {
            const int inside = kx >= 0 && kx < layer->input_width;
            sum += *weight * (inside ? rows[ky][kx * layer->channels + channel] : layer->input_zero_point);
            weight += HELIUM_GROUP;
        }
    }
    const int8_t result = helium_requantise_entry(&layer->requantise, entry, sum);
    return layer->table != NULL ? layer->table[(uint8_t)result] : result;
}

void helium_depthwise_row_s8(const helium_depthwise_t *layer, const int8_t *const rows[], int8_t *output,
                             uint8_t *scratch) {
    (void)scratch;
    for (int32_t x = 0; x < layer->output_width; x++) {
        const int32_t column = x * layer->stride_width - layer->padding_left;
        for (int32_t channel = 0; channel < layer->channels; channel++) {
            *output++ = result_of(layer, rows, column, channel);
        }
    }
}

#endif

void helium_depthwise_s8(const helium_depthwise_t *layer, const int8_t *input, int8_t *output, uint8_t *scratch) {
    const int8_t *rows[HELIUM_DEPTHWISE_TAP_LIMIT];
    const int32_t input_row = layer->input_width * layer->channels;
    uint8_t *outside = scratch + layer->channels;
    memset(outside, layer->input_zero_point, (size_t)input_row);
    for (int32_t y = 0; y < layer->output_height; y++) {
        const int32_t top = y * layer->stride_height - layer->padding_top;
        for (int32_t ky = 0; ky < layer->kernel_height; ky++) {
            const int inside = top + ky >= 0 && top + ky < layer->input_height;
            rows[ky] = inside ? input + (top + ky) * input_row : (const int8_t *)outside;
        }
        helium_depthwise_row_s8(layer, rows, output, scratch);
        output += layer->output_width * layer->channels;
    }
}
