/* Depthwise convolution: 16 channels at a time.
 *
 * The 16 channels of the window's rows are first copied to a strip, with zero points where there is no image: then a
 * pixel's taps stand one after the other, and pixels at the edge cost no more than others. */
#include "depthwise_s8.h"

#include "requantise.h"

#if HELIUM_MVE

#include "depthwise_taps_s8.h"

/* 16 channels of `count` pixels of a row, which stand `step` bytes apart; in the strip `stride` bytes. */
ALWAYS_INLINE void copy_pixels(int8_t *to, int32_t stride, const int8_t *from, int32_t step, int32_t count, int partial,
                               mve_pred16_t active) {
    for (; count >= 4; count -= 4) {
        const int8x16_t x0 = partial ? vldrbq_z_s8(from, active) : vldrbq_s8(from);
        const int8x16_t x1 = partial ? vldrbq_z_s8(from + step, active) : vldrbq_s8(from + step);
        const int8x16_t x2 = partial ? vldrbq_z_s8(from + 2 * step, active) : vldrbq_s8(from + 2 * step);
        const int8x16_t x3 = partial ? vldrbq_z_s8(from + 3 * step, active) : vldrbq_s8(from + 3 * step);
        vstrbq_s8(to, x0);
        vstrbq_s8(to + stride, x1);
        vstrbq_s8(to + 2 * stride, x2);
        vstrbq_s8(to + 3 * stride, x3);
        from += 4 * step;
        to += 4 * stride;
    }
    for (; count > 0; count--) {
        vstrbq_s8(to, partial ? vldrbq_z_s8(from, active) : vldrbq_s8(from));
        from += step;
        to += stride;
    }
}

ALWAYS_INLINE void fill_pixels(int8_t *to, int32_t stride, int8x16_t value, int32_t count) {
    for (; count > 0; count--) {
        vstrbq_s8(to, value);
        to += stride;
    }
}

/* The strip of the group that starts at `channel`: column (padding included), kernel row, 16 channels. */
ALWAYS_INLINE void make_strip(const helium_depthwise_t *layer, const int8_t *const rows[], int32_t kernel_height,
                              int32_t channel, int8_t *strip) {
    const int32_t width = (layer->output.width - 1) * layer->window.stride_width + layer->window.kernel_width;
    const int32_t left =
        layer->window.padding_left < width ? layer->window.padding_left : width; /* columns left of the image */
    const int32_t inside = width - left < layer->input.width ? width - left : layer->input.width;
    const int32_t stride = kernel_height * HELIUM_GROUP;
    const mve_pred16_t active = vctp8q((uint32_t)(layer->channels - channel));
    const int8x16_t zero_point = vdupq_n_s8((int8_t)layer->input_zero_point);
    for (int32_t ky = 0; ky < kernel_height; ky++, strip += HELIUM_GROUP) {
        const int8_t *const row = rows[ky * layer->window.dilation_height];
        if (row == NULL) {
            fill_pixels(strip, stride, zero_point, width);
            continue;
        }
        fill_pixels(strip, stride, zero_point, left);
        int8_t *to = strip + left * stride;
        if (channel + HELIUM_GROUP <= layer->channels) {
            copy_pixels(to, stride, row + channel, layer->channels, inside, 0, active);
        } else {
            copy_pixels(to, stride, row + channel, layer->channels, inside, 1, active);
        }
        fill_pixels(to + inside * stride, stride, zero_point, width - left - inside);
    }
}

static int is_shared(const helium_window_t *w) {
    return HELIUM_CONV2D_IS_SHARED(w->kernel_width, w->stride_width, w->dilation_width);
}

/* The same where windows share no columns: each output pixel has its own. */
static __attribute__((noinline)) void make_own_columns(const helium_depthwise_t *layer, const int8_t *const rows[],
                                                       int32_t channel, int8_t *strip) {
    const helium_window_t *const w = &layer->window;
    const mve_pred16_t active = vctp8q((uint32_t)(layer->channels - channel));
    const int8x16_t zero_point = vdupq_n_s8((int8_t)layer->input_zero_point);
    for (int32_t x = 0; x < layer->output.width; x++) {
        for (int32_t kx = 0; kx < w->kernel_width; kx++) {
            const int32_t column = x * w->stride_width - w->padding_left + kx * w->dilation_width;
            const int is_inside = column >= 0 && column < layer->input.width;
            for (int32_t ky = 0; ky < w->kernel_height; ky++, strip += HELIUM_GROUP) {
                const int8_t *const row = rows[ky * w->dilation_height];
                const int exists = is_inside && row != NULL;
                vstrbq_s8(strip, exists ? vldrbq_z_s8(row + column * layer->channels + channel, active) : zero_point);
            }
        }
    }
}

typedef enum { PLAIN, TABLE, GENERAL } finish_t; /* GENERAL: with left shifts, a clamp, a table or none */

ALWAYS_INLINE int8x16_t finish(const helium_depthwise_t *layer, int32_t channel, const sums_t *sums, finish_t how) {
    const helium_requantise_t *r = &layer->requantise;
    const int32x4_t *v = sums->lanes;
    const int8x16_t result =
        how == GENERAL ? helium_requantise_x16(r, channel, v[0], v[1], v[2], v[3])
                       : helium_requantise_byte_x16(r->multiplier + channel, r->shift + channel, r->zero_point, v);
    return how == TABLE || (how == GENERAL && layer->table != NULL)
               ? vldrbq_gather_offset_s8(layer->table, vreinterpretq_u8_s8(result))
               : result;
}

/* One output row; the compiler may know the kernel's size. */
ALWAYS_INLINE void row(const helium_depthwise_t *layer, const int8_t *const rows[], int32_t kernel_height,
                       int32_t kernel_width, int8_t *output, int8_t *strip, finish_t how) {
    const helium_depthwise_t own = *layer; /* a copy stays in registers: the output might overwrite the original */
    const int32_t tap_count = kernel_height * kernel_width;
    const int shared = is_shared(&own.window);
    const int32_t step = (shared ? own.window.stride_width : kernel_width) * kernel_height * HELIUM_GROUP;
    for (int32_t channel = 0; channel < own.channels; channel += HELIUM_GROUP) {
        const mve_pred16_t active = vctp8q((uint32_t)(own.channels - channel));
        const int8_t *pixel = strip;
        int8_t *to = output + channel;
        if (shared) {
            make_strip(layer, rows, kernel_height, channel, strip);
        } else {
            make_own_columns(layer, rows, channel, strip);
        }
        for (int32_t x = own.output.width; x > 0; x--) {
            const sums_t sums = accumulate(pixel, own.weights + channel * tap_count, own.bias + channel, tap_count);
            vstrbq_p_s8(to, finish(&own, channel, &sums, how), active);
            pixel += step;
            to += own.channels;
        }
    }
}

static finish_t finish_of(const helium_depthwise_t *layer) {
    const helium_requantise_t *r = &layer->requantise;
    if (r->left_shift != NULL || r->minimum != INT8_MIN || r->maximum != INT8_MAX) {
        return GENERAL;
    }
    return layer->table != NULL ? TABLE : PLAIN;
}

void helium_depthwise_row_s8(const helium_depthwise_t *layer, const int8_t *const rows[], int8_t *output,
                             uint8_t *scratch) {
    const int32_t height = layer->window.kernel_height, width = layer->window.kernel_width;
    const finish_t how = finish_of(layer);
    int8_t *strip = (int8_t *)scratch;
    if (how != GENERAL && height == 3 && width == 3) {
        if (how == PLAIN) {
            row(layer, rows, 3, 3, output, strip, PLAIN);
        } else {
            row(layer, rows, 3, 3, output, strip, TABLE);
        }
    } else if (how != GENERAL && height == 5 && width == 5) {
        if (how == PLAIN) {
            row(layer, rows, 5, 5, output, strip, PLAIN);
        } else {
            row(layer, rows, 5, 5, output, strip, TABLE);
        }
    } else {
        row(layer, rows, height, width, output, strip, GENERAL);
    }
}

#elif HELIUM_HOST_VECTORS

#include "depthwise_s8_lanes.h"

#else

static int8_t result_of(const helium_depthwise_t *layer, const int8_t *const rows[], int32_t column, int32_t channel) {
    const int32_t group = channel / HELIUM_GROUP * HELIUM_GROUP, lane = channel - group;
    const int32_t entry = group + HELIUM_NARROWING_ORDER(lane);
    const int8_t *weight = layer->weights + group * layer->window.kernel_height * layer->window.kernel_width + lane;
    int32_t sum = layer->bias[entry];
    for (int32_t kx = 0; kx < layer->window.kernel_width; kx++) {
        const int32_t x = column + kx * layer->window.dilation_width;
        for (int32_t ky = 0; ky < layer->window.kernel_height; ky++) {
            const int8_t *const row = rows[ky * layer->window.dilation_height];
            const int inside = x >= 0 && x < layer->input.width && row != NULL;
            sum += *weight * (inside ? row[x * layer->channels + channel] : layer->input_zero_point);
            weight += HELIUM_GROUP;
        }
    }
    const int8_t result = helium_requantise_entry(&layer->requantise, entry, sum);
    return layer->table != NULL ? layer->table[(uint8_t)result] : result;
}

void helium_depthwise_row_s8(const helium_depthwise_t *layer, const int8_t *const rows[], int8_t *output,
                             uint8_t *scratch) {
    (void)scratch;
    for (int32_t x = 0; x < layer->output.width; x++) {
        const int32_t column = x * layer->window.stride_width - layer->window.padding_left;
        for (int32_t channel = 0; channel < layer->channels; channel++) {
            *output++ = result_of(layer, rows, column, channel);
        }
    }
}

#endif

void helium_depthwise_s8(const helium_depthwise_t *layer, const int8_t *input, int8_t *output, uint8_t *scratch) {
    const int8_t *rows[HELIUM_DEPTHWISE_ROWS];
    const int32_t input_row = layer->input.width * layer->channels;
    for (int32_t y = 0; y < layer->output.height; y++) {
        const int32_t top = y * layer->window.stride_height - layer->window.padding_top;
        for (int32_t k = 0; k < helium_window_rows(&layer->window); k++) {
            const int inside = top + k >= 0 && top + k < layer->input.height;
            rows[k] = inside ? input + (top + k) * input_row : NULL;
        }
        helium_depthwise_row_s8(layer, rows, output, scratch);
        output += layer->output.width * layer->channels;
    }
}
