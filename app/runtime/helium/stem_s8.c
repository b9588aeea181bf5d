#include "stem_s8.h"

#include "patch_s8.h"

#define TILE HELIUM_STEM_TILE

/* `count` patches whose windows lie within the row, the first at byte `at` of it, the others `step` bytes apart: a load
 * and a store a kernel row. Of a store, what is too much is overwritten by the next. */
#if HELIUM_MVE

static void inner_patches(const helium_conv2d_s8_t *c, const int8_t *const rows[], int32_t at, int32_t step,
                          int32_t count, int8_t *patch) {
    const int32_t bytes = c->window.kernel_width * c->input_channels;
    const mve_pred16_t lanes = vctp8q((uint32_t)bytes);
    if (c->window.kernel_height == 3 && bytes == 9) { /* 3x3 RGB */
        const int8_t *row0 = rows[0] + at, *row1 = rows[1] + at, *row2 = rows[2] + at;
        for (; count > 0; count--) {
            const int8x16_t x0 = vldrbq_z_s8(row0, lanes), x1 = vldrbq_z_s8(row1, lanes);
            const int8x16_t x2 = vldrbq_z_s8(row2, lanes);
            vstrbq_s8(patch, x0);
            vstrbq_s8(patch + 9, x1);
            vstrbq_s8(patch + 18, x2);
            row0 += step, row1 += step, row2 += step;
            patch += HELIUM_STEM_DEPTH;
        }
        return;
    }
    for (; count > 0; count--, at += step, patch += HELIUM_STEM_DEPTH) {
        for (int32_t y = 0; y < c->window.kernel_height; y++) {
            vstrbq_s8(patch + y * bytes, vldrbq_z_s8(rows[y] + at, lanes));
        }
    }
}

#else

static void inner_patches(const helium_conv2d_s8_t *c, const int8_t *const rows[], int32_t at, int32_t step,
                          int32_t count, int8_t *patch) {
    const int32_t bytes = c->window.kernel_width * c->input_channels;
    for (; count > 0; count--, at += step, patch += HELIUM_STEM_DEPTH) {
        for (int32_t y = 0; y < c->window.kernel_height; y++) {
            memcpy(patch + y * bytes, rows[y] + at, (size_t)bytes);
        }
    }
}

#endif

/* Output columns 0 ... n - 1 have windows that start in front of input column `column`. */
static int32_t starts_before(const helium_conv2d_s8_t *c, int32_t column) {
    const int32_t padded = column + c->window.padding_left;
    return padded <= 0 ? 0 : (padded + c->window.stride_width - 1) / c->window.stride_width;
}

/* The patches under `count` output pixels from column x on. */
static void fill_tile(const helium_conv2d_s8_t *c, const int8_t *const rows[], int32_t x, int32_t count,
                      int8_t *patch) {
    const int32_t first = starts_before(c, 0), end = starts_before(c, c->input.width - c->window.kernel_width + 1);
    const int32_t stop = x + count, step = c->window.stride_width * c->input_channels;
    while (x < stop) {
        int32_t run = 1;
        if (x < first || x >= end) {
            helium_patch_s8(c, rows, x, patch);
        } else {
            run = (end < stop ? end : stop) - x;
            inner_patches(c, rows, x * step - c->window.padding_left * c->input_channels, step, run, patch);
        }
        x += run;
        patch += run * HELIUM_STEM_DEPTH;
    }
}

void helium_stem_row_s8(const helium_conv2d_s8_t *c, const int8_t *const rows[], int8_t *output_row, uint8_t *scratch,
                        const int8_t *residual_row) {
    const int32_t channels = c->matrix.channels;
    int8_t *const patches = (int8_t *)scratch + helium_matrix_scratch(&c->matrix);
    for (int32_t first = 0; first < channels; first += HELIUM_GEMM_CHANNELS) {
        helium_matrix_chunk_t chunk;
        helium_matrix_chunk(&c->matrix, first, scratch, &chunk);
        for (int32_t x = 0; x < c->output.width; x += TILE) {
            const int32_t left = c->output.width - x, count = left < TILE ? left : TILE;
            fill_tile(c, rows, x, count, patches);
            helium_matrix_run(&chunk, patches, HELIUM_STEM_DEPTH, count, output_row + x * channels,
                              residual_row != NULL ? residual_row + x * channels : NULL);
        }
    }
}

void helium_stem_s8(const helium_conv2d_s8_t *c, const int8_t *input, int8_t *output, uint8_t *scratch,
                    const int8_t *residual) {
    helium_conv2d_by_rows_s8(c, helium_stem_row_s8, input, output, scratch, scratch + helium_stem_row_scratch(c),
                             residual);
}
