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
    int32_t channel; /* the first */
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

/* Output pixels x ... x + pixels - 1, whose windows lie within the row. The compiler knows kernel (square), stride and
 * pixels: the loops over columns and pixels unroll, and a column is loaded once for all windows it belongs to. */
SPECIALISED void inner_pixels(const strip_t *strip, int32_t x, int kernel, int stride, int pixels, int whole) {
    const helium_float_depthwise_t *layer = strip->layer;
    const int32_t channels = layer->channels;
    const int32_t first = (x * stride - layer->padding_left) * channels + strip->channel;
    vector_t sums[MOST_PIXELS];
    for (int p = 0; p < pixels; p++) {
        sums[p] = vector_load(strip->bias);
    }
    for (int ky = 0; ky < kernel; ky++) {
        const helium_float_t *weights = strip->weights + ky * kernel * HELIUM_FLOAT_LANES;
        const helium_float_t *from = strip->rows[ky] + first;
        for (int column = 0; column < (pixels - 1) * stride + kernel; column++, from += channels) {
            const vector_t value = whole ? vector_load(from) : vector_load_first(from, channels - strip->channel);
            for (int p = 0; p < pixels; p++) {
                const int kx = column - p * stride;
                if (kx >= 0 && kx < kernel) {
                    sums[p] = vector_fma(value, vector_load(weights + kx * HELIUM_FLOAT_LANES), sums[p]);
                }
            }
        }
    }
    finish(strip, x, sums, pixels, whole);
}

/* One output pixel; columns of its window outside the row are left out. Any kernel. */
SPECIALISED void any_pixel(const strip_t *strip, int32_t x, int whole) {
    const helium_float_depthwise_t *layer = strip->layer;
    const int32_t begin = x * layer->stride_width - layer->padding_left, room = layer->input_width - begin;
    const int32_t first = begin < 0 ? -begin : 0, end = layer->kernel_width < room ? layer->kernel_width : room;
    vector_t sum = vector_load(strip->bias);
    for (int32_t ky = 0; ky < layer->kernel_height; ky++) {
        const helium_float_t *weights = strip->weights + (ky * layer->kernel_width + first) * HELIUM_FLOAT_LANES;
        const helium_float_t *from = strip->rows[ky] + (begin + first) * layer->channels + strip->channel;
        for (int32_t kx = first; kx < end; kx++) {
            const vector_t value =
                whole ? vector_load(from) : vector_load_first(from, layer->channels - strip->channel);
            sum = vector_fma(value, vector_load(weights), sum);
            weights += HELIUM_FLOAT_LANES;
            from += layer->channels;
        }
    }
    finish(strip, x, &sum, 1, whole);
}

/* Pixels x ... end - 1, all within the row. */
SPECIALISED void inner_strip(const strip_t *strip, int32_t x, int32_t end, int kernel, int stride, int pixels,
                             int whole) {
    for (; x + pixels <= end; x += pixels) {
        inner_pixels(strip, x, kernel, stride, pixels, whole);
    }
    for (; x < end; x++) {
        inner_pixels(strip, x, kernel, stride, 1, whole);
    }
}

/* The windows of pixels first_inner ... end_inner - 1 lie within the row. */
SPECIALISED void strip_row(const strip_t *strip, int32_t first_inner, int32_t end_inner, int whole) {
    const helium_float_depthwise_t *layer = strip->layer;
    const int kernel = layer->kernel_height == layer->kernel_width ? layer->kernel_width : 0;
    const int stride = layer->stride_width;
    int32_t x = 0;
    for (; x < first_inner; x++) {
        any_pixel(strip, x, whole);
    }
    if (whole && kernel == 3 && stride <= 2) {
        if (stride == 1) {
            inner_strip(strip, x, end_inner, 3, 1, 4, 1);
        } else {
            inner_strip(strip, x, end_inner, 3, 2, 4, 1);
        }
        x = end_inner;
    } else if (whole && kernel == 5 && stride <= 2) {
        if (stride == 1) {
            inner_strip(strip, x, end_inner, 5, 1, 3, 1);
        } else {
            inner_strip(strip, x, end_inner, 5, 2, 2, 1);
        }
        x = end_inner;
    }
    for (; x < layer->output_width; x++) {
        any_pixel(strip, x, whole);
    }
}

void HELIUM_FLOAT(helium_depthwise_row)(const helium_float_depthwise_t *layer, const helium_float_t *const rows[],
                                        helium_float_t *output_row) {
    const int32_t taps = layer->kernel_height * layer->kernel_width, stride = layer->stride_width;
    const int32_t last_begin = layer->input_width + layer->padding_left - layer->kernel_width;
    int32_t end_inner = last_begin < 0 ? 0 : last_begin / stride + 1;
    end_inner = end_inner < layer->output_width ? end_inner : layer->output_width;
    int32_t first_inner = (layer->padding_left + stride - 1) / stride;
    first_inner = first_inner < end_inner ? first_inner : end_inner;

    strip_t strip = {layer, rows, layer->weights, layer->bias, output_row, 0};
    for (; strip.channel < layer->channels; strip.channel += HELIUM_FLOAT_LANES) {
        if (strip.channel + HELIUM_FLOAT_LANES <= layer->channels) {
            strip_row(&strip, first_inner, end_inner, 1);
        } else {
            strip_row(&strip, first_inner, end_inner, 0);
        }
        strip.weights += taps * HELIUM_FLOAT_LANES;
        strip.bias += HELIUM_FLOAT_LANES;
        strip.output += HELIUM_FLOAT_LANES;
    }
}

void HELIUM_FLOAT(helium_depthwise)(const helium_float_depthwise_t *layer, const helium_float_t *input,
                                    helium_float_t *output, uint8_t *scratch) {
    const int32_t input_row = layer->input_width * layer->channels;
    helium_float_t *outside = (helium_float_t *)(void *)scratch;
    memset(outside, 0, (size_t)input_row * sizeof *outside);
    for (int32_t y = 0; y < layer->output_height; y++) {
        const helium_float_t *rows[HELIUM_DEPTHWISE_FLOAT_ROWS];
        for (int32_t ky = 0; ky < layer->kernel_height; ky++) {
            const int32_t input_y = y * layer->stride_height - layer->padding_top + ky;
            rows[ky] = input_y >= 0 && input_y < layer->input_height ? input + input_y * input_row : outside;
        }
        HELIUM_FLOAT(helium_depthwise_row)(layer, rows, output);
        output += layer->output_width * layer->channels;
    }
}
