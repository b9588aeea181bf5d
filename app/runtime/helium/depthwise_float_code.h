/* The code of depthwise_float.h for both precisions: a vector of channels at a time, and of it a few output pixels side
 * by side, which share the loads of weights and of the columns that their windows have in common. */
#include "float_vector.h"

#include <string.h>

#define MOST_PIXELS 4

/* A vector of channels of one output row. */
typedef struct {
    const helium_float_depthwise_t *layer;
    const helium_float_t *const *rows;
    const helium_float_t *weights;
    const helium_float_t *bias;
    helium_float_t *output;
    int32_t channel; /* its first */
} strip_t;

SPECIALISED void finish(const strip_t *strip, int32_t x, vector_t sums[], int pixels, int whole) {
    const int32_t channels = strip->layer->channels;
    helium_float_t *output = strip->output + x * channels;
    vector_activate(&strip->layer->activation, sums, pixels);
    for (int p = 0; p < pixels; p++, output += channels) {
        if (whole) {
            vector_store(output, sums[p]);
        } else {
            vector_store_first(output, sums[p], channels - strip->channel);
        }
    }
}

/* Output pixels x ... x + pixels - 1 of a vector of channels that all exist. The compiler knows kernel (square), stride
 * and pixels: the loops over columns and pixels unroll, and a column is loaded once for all windows it belongs to. It
 * also knows left and right: so many columns of the first and the last windows lie outside the row and are left out. */
SPECIALISED void block(const strip_t *strip, int32_t x, int kernel, int stride, int pixels, int left, int right) {
    const helium_float_depthwise_t *layer = strip->layer;
    const int32_t channels = layer->channels, begin = x * stride - layer->window.padding_left;
    const int columns = (pixels - 1) * stride + kernel;
    vector_t sums[MOST_PIXELS];
    for (int p = 0; p < pixels; p++) {
        sums[p] = vector_load(strip->bias);
    }
    for (int ky = 0; ky < kernel; ky++) {
        const helium_float_t *weights = strip->weights + ky * kernel * HELIUM_FLOAT_LANES;
        const helium_float_t *from = strip->rows[ky] + (begin + left) * channels + strip->channel;
        for (int column = left; column < columns - right; column++, from += channels) {
            const vector_t value = vector_load(from);
            for (int p = 0; p < pixels; p++) {
                const int kx = column - p * stride;
                if (kx >= 0 && kx < kernel) {
                    sums[p] = vector_fma(value, vector_load(weights + kx * HELIUM_FLOAT_LANES), sums[p]);
                }
            }
        }
    }
    finish(strip, x, sums, pixels, 1);
}

/* How many of columns 0, step, 2 * step, ... lie in front of `end`. */
static inline int32_t columns_in(int32_t end, int32_t step) {
    return step == 1 ? end : (end + step - 1) / step;
}

/* One output pixel; columns of its window outside the row are left out. Any kernel. The compiler knows whole and
 * dilated.
 */
SPECIALISED void any_pixel(const strip_t *strip, int32_t x, int whole, int dilated) {
    const helium_float_depthwise_t *layer = strip->layer;
    const int32_t begin = x * layer->window.stride_width - layer->window.padding_left;
    const int32_t kernel_width = layer->window.kernel_width;
    const int32_t dilation = dilated ? layer->window.dilation_width : 1;
    const int32_t dilation_height = dilated ? layer->window.dilation_height : 1;
    const int32_t first = begin < 0 ? columns_in(-begin, dilation) : 0;
    const int32_t room = columns_in(layer->input.width - begin, dilation);
    const int32_t end = kernel_width < room ? kernel_width : room;
    vector_t sum = vector_load(strip->bias);
    for (int32_t ky = 0; ky < layer->window.kernel_height; ky++) {
        const helium_float_t *weights = strip->weights + (ky * layer->window.kernel_width + first) * HELIUM_FLOAT_LANES;
        const helium_float_t *from =
            strip->rows[ky * dilation_height] + (begin + first * dilation) * layer->channels + strip->channel;
        for (int32_t kx = first; kx < end; kx++) {
            const vector_t value =
                whole ? vector_load(from) : vector_load_first(from, layer->channels - strip->channel);
            sum = vector_fma(value, vector_load(weights), sum);
            weights += HELIUM_FLOAT_LANES;
            from += dilation * layer->channels;
        }
    }
    finish(strip, x, &sum, 1, whole);
}

/* From one vector of channels to the next. */
SPECIALISED void advance(strip_t *strip) {
    const int32_t taps = strip->layer->window.kernel_height * strip->layer->window.kernel_width;
    strip->weights += taps * HELIUM_FLOAT_LANES;
    strip->bias += HELIUM_FLOAT_LANES;
    strip->output += HELIUM_FLOAT_LANES;
    strip->channel += HELIUM_FLOAT_LANES;
}

/* All whole vectors of channels. right: columns of the last window outside the row, if there are any. A block of pixels
 * that would not fit at the end begins within the one before it; pixels that fit no block are computed one by one. */
SPECIALISED void blocks(strip_t *strip, int kernel, int stride, int pixels, int right) {
    const helium_float_depthwise_t *layer = strip->layer;
    const int32_t width = layer->output.width, span = (pixels - 1) * stride + kernel;
    for (; strip->channel + HELIUM_FLOAT_LANES <= layer->channels; advance(strip)) {
        for (int32_t x = 0; x < width;) {
            const int32_t at = x + pixels <= width || x < pixels ? x : width - pixels;
            const int32_t begin = at * stride - layer->window.padding_left, beyond = begin + span - layer->input.width;
            const int fits = at + pixels <= width;
            if (fits && begin >= 0 && beyond <= 0) {
                block(strip, at, kernel, stride, pixels, 0, 0);
                x = at + pixels;
            } else if (fits && begin == -(kernel / 2) && beyond <= 0) {
                block(strip, at, kernel, stride, pixels, kernel / 2, 0);
                x = at + pixels;
            } else if (begin >= 0 && beyond == right && at + pixels == width) {
                block(strip, at, kernel, stride, pixels, 0, right);
                x = width;
            } else {
                any_pixel(strip, x++, 1, 0);
            }
        }
    }
}

static __attribute__((noinline)) void blocks_3x3(strip_t *strip) {
    blocks(strip, 3, 1, 4, 1);
}

static __attribute__((noinline)) void blocks_3x3_stride_2(strip_t *strip) {
    blocks(strip, 3, 2, 4, 1);
}

static __attribute__((noinline)) void blocks_5x5(strip_t *strip) {
    blocks(strip, 5, 1, 3, 2);
}

static __attribute__((noinline)) void blocks_5x5_stride_2(strip_t *strip) {
    blocks(strip, 5, 2, 2, 1);
}

static __attribute__((noinline)) void blocks_7x7(strip_t *strip) {
    blocks(strip, 7, 1, 3, 3);
}

static __attribute__((noinline)) void blocks_7x7_stride_2(strip_t *strip) {
    blocks(strip, 7, 2, 2, 2);
}

/* Whole vectors of channels where the window is usual. */
static void usual_blocks(strip_t *strip, const helium_window_t *w) {
    const int is_plain = w->stride_width <= 2 && w->dilation_height == 1 && w->dilation_width == 1;
    if (!is_plain || w->kernel_height != w->kernel_width) {
        return;
    }
    if (w->kernel_width == 3) {
        (w->stride_width == 1 ? blocks_3x3 : blocks_3x3_stride_2)(strip);
    } else if (w->kernel_width == 5) {
        (w->stride_width == 1 ? blocks_5x5 : blocks_5x5_stride_2)(strip);
    } else if (w->kernel_width == 7) {
        (w->stride_width == 1 ? blocks_7x7 : blocks_7x7_stride_2)(strip);
    }
}

SPECIALISED void pixels_of_vector(const strip_t *strip, int whole, int dilated) {
    for (int32_t x = 0; x < strip->layer->output.width; x++) {
        any_pixel(strip, x, whole, dilated);
    }
}

/* What is left of the channels, pixel by pixel: those of the last vector, or all. */
static void single_pixels(strip_t *strip) {
    const helium_window_t *const w = &strip->layer->window;
    const int dilated = w->dilation_height > 1 || w->dilation_width > 1;
    for (; strip->channel < strip->layer->channels; advance(strip)) {
        if (dilated) {
            pixels_of_vector(strip, 0, 1);
        } else if (strip->channel + HELIUM_FLOAT_LANES <= strip->layer->channels) {
            pixels_of_vector(strip, 1, 0);
        } else {
            pixels_of_vector(strip, 0, 0);
        }
    }
}

void HELIUM_FLOAT(helium_depthwise_row)(const helium_float_depthwise_t *layer, const helium_float_t *const rows[],
                                        helium_float_t *output_row) {
    strip_t strip = {layer, rows, layer->weights, layer->bias, output_row, 0};
    usual_blocks(&strip, &layer->window);
    single_pixels(&strip);
}

void HELIUM_FLOAT(helium_depthwise)(const helium_float_depthwise_t *layer, const helium_float_t *input,
                                    helium_float_t *output, uint8_t *scratch) {
    const int32_t input_row = layer->input.width * layer->channels;
    helium_float_t *outside = (helium_float_t *)(void *)scratch;
    memset(outside, 0, (size_t)input_row * sizeof *outside);
    for (int32_t y = 0; y < layer->output.height; y++) {
        const helium_float_t *rows[HELIUM_DEPTHWISE_FLOAT_ROWS];
        for (int32_t k = 0; k < helium_window_rows(&layer->window); k++) {
            const int32_t input_y = y * layer->window.stride_height - layer->window.padding_top + k;
            rows[k] = input_y >= 0 && input_y < layer->input.height ? input + input_y * input_row : outside;
        }
        HELIUM_FLOAT(helium_depthwise_row)(layer, rows, output);
        output += layer->output.width * layer->channels;
    }
}
