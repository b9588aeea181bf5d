/* Depthwise convolution: 16 channels of one output pixel at a time.
 *
 * Products of even and odd channels are 16 bits wide; two taps are summed in 16 bits (2 * 127 * 128 fits) before they
 * are widened. Widening even and odd halves again leaves the sums in narrowing order. */
#include "depthwise_s8.h"

#include <string.h>

#include "requantise.h"

#if HELIUM_MVE

#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* Where a pixel's window lies. The constants of a specialised kernel are known when this is inlined. */
typedef struct {
    const int8_t *const *rows;
    int32_t kernel_height;
    int32_t kernel_width;
    int32_t column;  /* leftmost input column of the window; negative in the left padding */
    int32_t channel; /* first channel of the group */
} window_t;

/* Four vectors of 32-bit sums of a group: lane i of sums[j] is channel 4 * i + j. */
typedef struct {
    int32x4_t lanes[4];
} sums_t;

ALWAYS_INLINE void widen_and_add(sums_t *sums, int16x8_t even, int16x8_t odd) {
    sums->lanes[0] = vaddq_s32(sums->lanes[0], vmovlbq_s16(even));
    sums->lanes[1] = vaddq_s32(sums->lanes[1], vmovlbq_s16(odd));
    sums->lanes[2] = vaddq_s32(sums->lanes[2], vmovltq_s16(even));
    sums->lanes[3] = vaddq_s32(sums->lanes[3], vmovltq_s16(odd));
}

/* 16 channels of one tap. `edge`: the column may be outside the image. `active`: the group's real channels. */
ALWAYS_INLINE int8x16_t tap(const helium_depthwise_t *layer, const int8_t *pixel, int32_t column, int edge, int partial,
                            mve_pred16_t active) {
    if (edge && (uint32_t)column >= (uint32_t)layer->input_width) {
        return vdupq_n_s8((int8_t)layer->input_zero_point);
    }
    return partial ? vldrbq_z_s8(pixel, active) : vldrbq_s8(pixel);
}

/* Sums of products of one output pixel for the group whose packed weights and bias are given. */
ALWAYS_INLINE sums_t accumulate(const helium_depthwise_t *layer, window_t window, const int8_t *weights,
                                const int32_t *bias, int edge, int partial, mve_pred16_t active) {
    sums_t sums = {{vldrwq_s32(bias), vldrwq_s32(bias + 4), vldrwq_s32(bias + 8), vldrwq_s32(bias + 12)}};
    int16x8_t even = vdupq_n_s16(0), odd = even;
    int pending = 0;
    const int32_t offset = window.column * layer->channels + window.channel;
#pragma GCC unroll 8
    for (int32_t ky = 0; ky < window.kernel_height; ky++) {
        const int8_t *pixel = window.rows[ky] + offset;
#pragma GCC unroll 8
        for (int32_t kx = 0; kx < window.kernel_width; kx++) {
            const int8x16_t x = tap(layer, pixel, window.column + kx, edge, partial, active);
            const int8x16_t w = vldrbq_s8(weights);
            if (!pending) {
                even = vmullbq_int_s8(x, w);
                odd = vmulltq_int_s8(x, w);
            } else {
                even = vaddq_s16(even, vmullbq_int_s8(x, w));
                odd = vaddq_s16(odd, vmulltq_int_s8(x, w));
                widen_and_add(&sums, even, odd);
            }
            pending = !pending;
            weights += HELIUM_GROUP;
            pixel += layer->channels;
        }
    }
    if (pending) {
        widen_and_add(&sums, even, odd);
    }
    return sums;
}

ALWAYS_INLINE void finish(const helium_depthwise_t *layer, sums_t sums, int32_t channel, int8_t *output, int partial,
                          mve_pred16_t active) {
    int8x16_t result =
        helium_requantise_x16(&layer->requantise, channel, sums.lanes[0], sums.lanes[1], sums.lanes[2], sums.lanes[3]);
    if (layer->table != NULL) {
        result = vldrbq_gather_offset_s8(layer->table, vreinterpretq_u8_s8(result));
    }
    if (partial) {
        vstrbq_p_s8(output, result, active);
    } else {
        vstrbq_s8(output, result);
    }
}

/* Output columns first ... end - 1 of one group of channels. */
ALWAYS_INLINE void columns(const helium_depthwise_t *layer, window_t window, int32_t first, int32_t end, int8_t *output,
                           int edge, int partial) {
    const mve_pred16_t active = vctp8q((uint32_t)(layer->channels - window.channel));
    const int8_t *weights = layer->weights + window.channel * window.kernel_height * window.kernel_width;
    const int32_t *bias = layer->bias + window.channel;
    output += first * layer->channels + window.channel;
    for (int32_t x = first; x < end; x++) {
        window.column = x * layer->stride_width - layer->padding_left;
        const sums_t sums = accumulate(layer, window, weights, bias, edge, partial, active);
        finish(layer, sums, window.channel, output, partial, active);
        output += layer->channels;
    }
}

static int32_t at_most(int32_t value, int32_t limit) {
    return value < limit ? value : limit;
}

/* One row with a kernel whose size the compiler may know. Only the columns whose windows cross the image's left or
 * right edge look at every tap's column. */
ALWAYS_INLINE void row(const helium_depthwise_t *layer, const int8_t *const rows[], int32_t kernel_height,
                       int32_t kernel_width, int8_t *output) {
    const int32_t stride = layer->stride_width, left = layer->padding_left, width = layer->output_width;
    const int32_t begin = at_most((left + stride - 1) / stride, width);
    const int32_t room = layer->input_width - kernel_width + left; /* last column * stride may be at most this */
    const int32_t inside = room < 0 ? 0 : at_most(room / stride + 1, width);
    const int32_t end = inside > begin ? inside : begin;
    for (int32_t channel = 0; channel < layer->channels; channel += HELIUM_GROUP) {
        const window_t window = {rows, kernel_height, kernel_width, 0, channel};
        if (layer->channels - channel >= HELIUM_GROUP) {
            columns(layer, window, 0, begin, output, 1, 0);
            columns(layer, window, begin, end, output, 0, 0);
            columns(layer, window, end, width, output, 1, 0);
        } else {
            columns(layer, window, 0, begin, output, 1, 1);
            columns(layer, window, begin, end, output, 0, 1);
            columns(layer, window, end, width, output, 1, 1);
        }
    }
}

static void row_3x3(const helium_depthwise_t *layer, const int8_t *const rows[], int8_t *output) {
    row(layer, rows, 3, 3, output);
}

static void row_5x5(const helium_depthwise_t *layer, const int8_t *const rows[], int8_t *output) {
    row(layer, rows, 5, 5, output);
}

static void row_of_any_kernel(const helium_depthwise_t *layer, const int8_t *const rows[], int8_t *output) {
    row(layer, rows, layer->kernel_height, layer->kernel_width, output);
}

void helium_depthwise_row_s8(const helium_depthwise_t *layer, const int8_t *const rows[], int8_t *output) {
    if (layer->kernel_height == 3 && layer->kernel_width == 3) {
        row_3x3(layer, rows, output);
    } else if (layer->kernel_height == 5 && layer->kernel_width == 5) {
        row_5x5(layer, rows, output);
    } else {
        row_of_any_kernel(layer, rows, output);
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

void helium_depthwise_row_s8(const helium_depthwise_t *layer, const int8_t *const rows[], int8_t *output) {
    for (int32_t x = 0; x < layer->output_width; x++) {
        const int32_t column = x * layer->stride_width - layer->padding_left;
        for (int32_t channel = 0; channel < layer->channels; channel++) {
            *output++ = result_of(layer, rows, column, channel);
        }
    }
}

#endif

void helium_depthwise_s8(const helium_depthwise_t *layer, const int8_t *input, int8_t *output, uint8_t *scratch) {
    const int8_t *rows[HELIUM_DEPTHWISE_KERNEL_HEIGHT_LIMIT];
    const int32_t input_row = layer->input_width * layer->channels;
    memset(scratch, layer->input_zero_point, (size_t)input_row);
    for (int32_t y = 0; y < layer->output_height; y++) {
        const int32_t top = y * layer->stride_height - layer->padding_top;
        for (int32_t ky = 0; ky < layer->kernel_height; ky++) {
            const int inside = top + ky >= 0 && top + ky < layer->input_height;
            rows[ky] = inside ? input + (top + ky) * input_row : (const int8_t *)scratch;
        }
        helium_depthwise_row_s8(layer, rows, output);
        output += layer->output_width * layer->channels;
    }
}
