/* The input values under one output pixel of a convolution, copied together: height, width, channels. */
#ifndef PATCH_S8_H
#define PATCH_S8_H

#include <string.h>

#include "conv2d_s8.h"

static inline void helium_copy_s8(int8_t *to, const int8_t *from, int32_t bytes) {
#if HELIUM_MVE
    for (; bytes > 0; bytes -= 16, to += 16, from += 16) {
        const mve_pred16_t lanes = vctp8q((uint32_t)bytes);
        vstrbq_p_s8(to, vldrbq_z_s8(from, lanes), lanes);
    }
#else
    memcpy(to, from, (size_t)bytes);
#endif
}

static inline void helium_fill_s8(int8_t *to, int32_t value, int32_t bytes) {
#if HELIUM_MVE
    const int8x16_t values = vdupq_n_s8((int8_t)value);
    for (; bytes > 0; bytes -= 16, to += 16) {
        vstrbq_p_s8(to, values, vctp8q((uint32_t)bytes));
    }
#else
    memset(to, value, (size_t)bytes);
#endif
}

/* Columns left and right of the image are the input's zero point. */
static inline void helium_patch_s8(const helium_conv2d_s8_t *c, const int8_t *const rows[], int32_t output_column,
                                   int8_t *patch) {
    const int32_t first = output_column * c->window.stride_width - c->window.padding_left;
    const int32_t missing = first < 0 ? -first : 0; /* columns left of the image */
    const int32_t left = missing < c->window.kernel_width ? missing : c->window.kernel_width;
    const int32_t wanted = c->input.width - first; /* to the end of the image; at most the kernel */
    const int32_t end = wanted < left ? left : wanted < c->window.kernel_width ? wanted : c->window.kernel_width;
    const int32_t channels = c->input_channels;
    for (int32_t y = 0; y < c->window.kernel_height; y++, patch += c->window.kernel_width * channels) {
        helium_fill_s8(patch, c->input_zero_point, left * channels);
        helium_copy_s8(patch + left * channels, rows[y] + (first + left) * channels, (end - left) * channels);
        helium_fill_s8(patch + end * channels, c->input_zero_point, (c->window.kernel_width - end) * channels);
    }
}

#endif
