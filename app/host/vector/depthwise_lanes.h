/* What the vector code of depthwise_s8.c and of depthwise_window_code.h share: 8 channels at a time.
 *
 * 8 channels of the window's rows are first copied to a strip, with zero points where there is no image: then a pixel's
 * taps stand one after the other, column by column. */
#ifndef HOST_DEPTHWISE_LANES_H
#define HOST_DEPTHWISE_LANES_H

#include "vector.h"

/* One output row, of either kernel. */
typedef struct {
    const int8_t *const *rows; /* as for the kernels */
    int32_t channels;
    int32_t input_width;
    int32_t output_width;
    helium_window_t window;
    int32_t input_zero_point;
    int32_t zero_point;
    int32_t minimum;
    int32_t maximum;
    const int8_t *table;  /* or NULL */
    int32_t result_bytes; /* 1; or 2: int16, with zero point 0 and no table */
} depthwise_row_t;

/* The constants of 8 channels. */
typedef struct {
    const int8_t *weights; /* taps column by column, each `step` bytes behind the one before */
    int32_t step;
    lanes_t bias, multiplier, shift;
    lanes_t left_shift; /* where the row has one */
    int has_left_shift;
} depthwise_group_t;

/* Columns of the strip: dilated, those of each pixel stand for themselves. */
static int32_t strip_width(const depthwise_row_t *row) {
    return HELIUM_CONV2D_COLUMNS(row->output_width, row->window.kernel_width, row->window.stride_width,
                                 row->window.dilation_width);
}

static int is_shared(const depthwise_row_t *row) {
    return HELIUM_CONV2D_IS_SHARED(row->window.kernel_width, row->window.stride_width, row->window.dilation_width);
}

static inline int32_t strip_bytes(const depthwise_row_t *row) {
    return strip_width(row) * row->window.kernel_height * VECTOR_LANES;
}

/* The first `count` of 8 channels from `channel` on, or all 8. */
static void fill_strip(const depthwise_row_t *row, int32_t channel, int32_t count, int8_t *strip) {
    for (int32_t x = 0; x < strip_width(row); x++) {
        const int32_t pixel = x / row->window.kernel_width, kx = x % row->window.kernel_width;
        const int32_t own = pixel * row->window.stride_width + kx * row->window.dilation_width;
        const int32_t column = (is_shared(row) ? x : own) - row->window.padding_left;
        for (int32_t ky = 0; ky < row->window.kernel_height; ky++, strip += VECTOR_LANES) {
            const int8_t *const from = row->rows[ky * row->window.dilation_height];
            if (column >= 0 && column < row->input_width && from != NULL) {
                copy_some_bytes(strip, from + column * row->channels + channel, count);
            } else {
                memset(strip, row->input_zero_point, VECTOR_LANES);
            }
        }
    }
}

/* The first `count` of 8 results of one pixel, or all 8, to output. */
ALWAYS_INLINE void finish_pixel(const depthwise_row_t *row, lanes_t scaled, int32_t count, void *output) {
    if (row->result_bytes == 2) {
        int16_t halves[VECTOR_LANES];
        store_halves(halves, scaled, row->minimum, row->maximum);
        copy_some_halves(output, halves, count);
        return;
    }
    int8_t bytes[VECTOR_LANES];
    store_bytes(bytes, scaled, row->zero_point, row->minimum, row->maximum);
    if (row->table != NULL) {
        look_up(row->table, bytes);
    }
    copy_some_bytes(output, bytes, count);
}

/* The results of `count` channels for all pixels, from the strip. The compiler may know how many taps. */
ALWAYS_INLINE void depthwise_pixels(const depthwise_row_t *row, const depthwise_group_t *g, int32_t taps, int32_t count,
                                    const int8_t *strip, uint8_t *output) {
    static const int8_t no_weights[VECTOR_LANES] = {0};
    const depthwise_row_t own = *row; /* a copy stays in registers: outputs might overwrite the original */
    const int32_t columns = is_shared(row) ? own.window.stride_width : own.window.kernel_width;
    const int32_t step = columns * own.window.kernel_height * VECTOR_LANES, pairs = taps / 2;
    taps_t weights[taps / 2 + 1];
    for (int32_t pair = 0; pair < pairs; pair++) {
        weights[pair] = load_taps(g->weights + 2 * pair * g->step, g->weights + (2 * pair + 1) * g->step);
    }
    if (taps % 2 == 1) {
        weights[pairs] = load_taps(g->weights + (taps - 1) * g->step, no_weights);
    }
    for (int32_t x = 0; x < own.output_width; x++, strip += step, output += own.channels * own.result_bytes) {
        lanes_t sums = g->bias;
        for (int32_t pair = 0; pair < pairs; pair++) {
            sums =
                add_taps(sums, weights[pair], strip + 2 * pair * VECTOR_LANES, strip + (2 * pair + 1) * VECTOR_LANES);
        }
        if (taps % 2 == 1) {
            const int8_t *const last = strip + (taps - 1) * VECTOR_LANES;
            sums = add_taps(sums, weights[pairs], last, last);
        }
        if (g->has_left_shift) {
            sums = shift_left(sums, g->left_shift);
        }
        finish_pixel(&own, requantise_lanes(sums, g->multiplier, g->shift), count, output);
    }
}

/* 8 channels of the row from `channel` on, or those that are left. strip: strip_bytes(row); results: of the row. */
static void depthwise_group(const depthwise_row_t *row, const depthwise_group_t *group, int32_t channel, int8_t *strip,
                            void *results) {
    const int32_t taps = row->window.kernel_height * row->window.kernel_width, count = row->channels - channel;
    uint8_t *const output = (uint8_t *)results + channel * row->result_bytes;
    fill_strip(row, channel, count, strip);
    if (taps == 9) {
        depthwise_pixels(row, group, 9, count, strip, output);
    } else if (taps == 25) {
        depthwise_pixels(row, group, 25, count, strip, output);
    } else {
        depthwise_pixels(row, group, taps, count, strip, output);
    }
}

#endif
