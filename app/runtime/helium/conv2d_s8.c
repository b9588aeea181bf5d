#include "conv2d_s8.h"

#include "patch_s8.h"

/* One run of channels of a row. Each run makes the patches again: to keep those of a whole row would take much more
 * scratch, and one run suffices for up to HELIUM_GEMM_CHANNELS channels. */
static void channels_of_row(const helium_conv2d_s8_t *c, const helium_matrix_chunk_t *chunk, const int8_t *const rows[],
                            int8_t *output_row, int8_t *patches, const int8_t *residual_row) {
    const int32_t depth = c->matrix.depth, channels = c->matrix.channels;
    const int is_pointwise = c->window.kernel_height == 1 && c->window.kernel_width == 1 &&
                             c->window.padding_left == 0 &&
                             (c->output.width - 1) * c->window.stride_width < c->input.width;
    for (int32_t x = 0; x < c->output.width; x += HELIUM_GEMM_PIXELS) {
        const int32_t left = c->output.width - x;
        const int32_t pixels = left < HELIUM_GEMM_PIXELS ? left : HELIUM_GEMM_PIXELS;
        const int8_t *pixel[HELIUM_GEMM_PIXELS] = {NULL, NULL, NULL};
        for (int32_t p = 0; p < pixels; p++) {
            if (is_pointwise) { /* only strided: the pixels are read in place */
                pixel[p] = rows[0] + (x + p) * c->window.stride_width * c->input_channels;
            } else {
                helium_patch_s8(c, rows, x + p, patches + p * depth);
                pixel[p] = patches + p * depth;
            }
        }
        helium_matrix_pixels(chunk, pixel[0], pixel[1], pixel[2], pixels, output_row + x * channels,
                             residual_row != NULL ? residual_row + x * channels : NULL);
    }
}

void helium_conv2d_row_s8(const helium_conv2d_s8_t *c, const int8_t *const rows[], int8_t *output_row, uint8_t *scratch,
                          const int8_t *residual_row) {
    int8_t *const patches = (int8_t *)scratch + helium_matrix_scratch(&c->matrix);
    for (int32_t first = 0; first < c->matrix.channels; first += HELIUM_GEMM_CHANNELS) {
        helium_matrix_chunk_t chunk;
        helium_matrix_chunk(&c->matrix, first, scratch, &chunk);
        channels_of_row(c, &chunk, rows, output_row, patches, residual_row);
    }
}

void helium_conv2d_by_rows_s8(const helium_conv2d_s8_t *c, helium_conv2d_row_function *row, const int8_t *input,
                              int8_t *output, uint8_t *scratch, uint8_t *outside, const int8_t *residual) {
    const int32_t input_row = c->input.width * c->input_channels;
    const int32_t output_row = c->output.width * c->matrix.channels;
    helium_fill_s8((int8_t *)outside, c->input_zero_point, input_row);
    for (int32_t y = 0; y < c->output.height; y++) {
        const int8_t *rows[HELIUM_CONV2D_ROWS];
        for (int32_t k = 0; k < c->window.kernel_height; k++) {
            const int32_t input_y = y * c->window.stride_height - c->window.padding_top + k;
            const int is_inside = input_y >= 0 && input_y < c->input.height;
            rows[k] = is_inside ? input + input_y * input_row : (const int8_t *)outside;
        }
        row(c, rows, output + y * output_row, scratch, residual != NULL ? residual + y * output_row : NULL);
    }
}

void helium_conv2d_s8(const helium_conv2d_s8_t *c, const int8_t *input, int8_t *output, uint8_t *scratch,
                      const int8_t *residual) {
    helium_conv2d_by_rows_s8(c, helium_conv2d_row_s8, input, output, scratch, scratch + helium_conv2d_row_scratch(c),
                             residual);
}
