#include "stem_s8.h"

#include "patch_s8.h"

/* A patch, and what the last row's vector store writes behind it. */
#define PATCH_BYTES (HELIUM_STEM_DEPTH + HELIUM_STEM_ROW_BYTES)

/* The patch under an output pixel whose window lies within the row: one load and one store a kernel row. */
static inline void inner_patch(const helium_conv2d_s8_t *c, const int8_t *const rows[], int32_t at, int8_t *patch) {
    const int32_t bytes = c->kernel_width * c->input_channels;
#if HELIUM_MVE
    const mve_pred16_t lanes = vctp8q((uint32_t)bytes);
    for (int32_t y = 0; y < c->kernel_height; y++, patch += bytes) {
        vstrbq_s8(patch, vldrbq_z_s8(rows[y] + at, lanes)); /* the next row overwrites what is too much */
    }
#else
    for (int32_t y = 0; y < c->kernel_height; y++, patch += bytes) {
        memcpy(patch, rows[y] + at, (size_t)bytes);
    }
#endif
}

static void channels_of_row(const helium_conv2d_s8_t *c, const helium_matrix_chunk_t *chunk, const int8_t *const rows[],
                            int8_t *output_row, const int8_t *residual_row) {
    int8_t patches[HELIUM_MULTIPLY_PIXELS][PATCH_BYTES];
    for (int32_t x = 0; x < c->output_width; x += HELIUM_MULTIPLY_PIXELS) {
        const int32_t left = c->output_width - x;
        const int32_t pixels = left < HELIUM_MULTIPLY_PIXELS ? left : HELIUM_MULTIPLY_PIXELS;
        for (int32_t p = 0; p < pixels; p++) {
            const int32_t first = (x + p) * c->stride_width - c->padding_left;
            if (first >= 0 && first + c->kernel_width <= c->input_width) {
                inner_patch(c, rows, first * c->input_channels, patches[p]);
            } else {
                helium_patch_s8(c, rows, x + p, patches[p]);
            }
        }
        helium_matrix_pixels(chunk, patches[0], patches[1], patches[2], pixels, output_row + x * c->matrix.channels,
                             residual_row != NULL ? residual_row + x * c->matrix.channels : NULL);
    }
}

void helium_stem_row_s8(const helium_conv2d_s8_t *c, const int8_t *const rows[], int8_t *output_row, uint8_t *scratch,
                        const int8_t *residual_row) {
    (void)scratch;
    for (int32_t first = 0; first < c->matrix.channels; first += HELIUM_MULTIPLY_CHANNELS) {
        helium_matrix_chunk_t chunk;
        helium_matrix_chunk(&c->matrix, first, &chunk);
        channels_of_row(c, &chunk, rows, output_row, residual_row);
    }
}

void helium_stem_s8(const helium_conv2d_s8_t *c, const int8_t *input, int8_t *output, uint8_t *scratch,
                    const int8_t *residual) {
    helium_conv2d_by_rows_s8(c, helium_stem_row_s8, input, output, NULL, scratch, residual);
}
