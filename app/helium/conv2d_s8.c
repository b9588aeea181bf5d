#include "conv2d_s8.h"

#include "patch_s8.h"

void helium_conv2d_row_s8(const helium_conv2d_s8_t *c, const int8_t *const rows[], int8_t *output_row, uint8_t *scratch,
                          const int8_t *residual_row) {
    const int32_t depth = c->matrix.depth, channels = c->matrix.channels;
    const int is_pointwise = c->kernel_height == 1 && c->kernel_width == 1 && c->padding_left == 0 &&
                             (c->output_width - 1) * c->stride_width < c->input_width;
    for (int32_t x = 0; x < c->output_width; x += HELIUM_MATRIX_PIXELS) {
        const int32_t left = c->output_width - x;
        const int32_t pixels = left < HELIUM_MATRIX_PIXELS ? left : HELIUM_MATRIX_PIXELS;
        const int8_t *pixel[HELIUM_MATRIX_PIXELS] = {NULL, NULL, NULL};
        for (int32_t p = 0; p < pixels; p++) {
            if (is_pointwise) { /* only strided: the pixels can be read in place */
                pixel[p] = rows[0] + (x + p) * c->stride_width * c->input_channels;
                continue;
            }
            int8_t *patch = (int8_t *)scratch + p * depth;
            helium_patch_s8(c, rows, x + p, patch);
            pixel[p] = patch;
        }
        helium_matrix_all_channels_s8(&c->matrix, pixel, pixels, output_row + x * channels,
                                      residual_row != NULL ? residual_row + x * channels : NULL);
    }
}

void helium_conv2d_by_rows_s8(const helium_conv2d_s8_t *c, helium_conv2d_row_function *row, const int8_t *input,
                              int8_t *output, uint8_t *scratch, uint8_t *outside, const int8_t *residual) {
    const int32_t input_row = c->input_width * c->input_channels;
    const int32_t output_row = c->output_width * c->matrix.channels;
    helium_fill_s8((int8_t *)outside, c->input_zero_point, input_row);
    for (int32_t y = 0; y < c->output_height; y++) {
        const int8_t *rows[HELIUM_CONV2D_ROWS];
        for (int32_t k = 0; k < c->kernel_height; k++) {
            const int32_t input_y = y * c->stride_height - c->padding_top + k;
            const int is_inside = input_y >= 0 && input_y < c->input_height;
            rows[k] = is_inside ? input + input_y * input_row : (const int8_t *)outside;
        }
        row(c, rows, output + y * output_row, scratch, residual != NULL ? residual + y * output_row : NULL);
    }
}

void helium_conv2d_s8(const helium_conv2d_s8_t *c, const int8_t *input, int8_t *output, uint8_t *scratch,
                      const int8_t *residual) {
    helium_conv2d_by_rows_s8(c, helium_conv2d_row_s8, input, output, scratch,
                             scratch + HELIUM_CONV2D_ROW_SCRATCH(c->matrix.depth), residual);
}
