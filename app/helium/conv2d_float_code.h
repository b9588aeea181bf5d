/* The code of conv2d_float.h for both precisions. */
#include "float_products.h"

#include <string.h>

/* A run of channels: its weights, its bias, and where the first pixel's results go. */
typedef struct {
    const helium_float_matrix_t *matrix;
    const helium_float_t *weights;
    const helium_float_t *bias;
    helium_float_t *output;
    const helium_float_t *residual; /* or NULL */
    int32_t channels;               /* of the run, if it is not `whole` vectors */
} run_t;

/* Activation, residual and store of one block of pixels. */
SPECIALISED void finish(const run_t *run, int32_t first_pixel, vector_t sums[SUMS], int pixels, int vectors,
                        int whole) {
    vector_activate(&run->matrix->activation, sums, pixels * vectors);
    for (int p = 0; p < pixels; p++) {
        for (int v = 0; v < vectors; v++) {
            const int32_t at = (first_pixel + p) * run->matrix->channels + v * HELIUM_FLOAT_LANES;
            const int32_t lanes = run->channels - v * HELIUM_FLOAT_LANES;
            vector_t sum = sums[p * vectors + v];
            if (whole || v < vectors - 1) {
                if (run->residual != NULL) {
                    sum = vector_add(sum, vector_load(run->residual + at));
                }
                vector_store(run->output + at, sum);
            } else {
                if (run->residual != NULL) {
                    sum = vector_add(sum, vector_load_first(run->residual + at, lanes));
                }
                vector_store_first(run->output + at, sum, lanes);
            }
        }
    }
}

SPECIALISED void block(const run_t *run, const pixels_t *source, int32_t first_pixel, int pixels, int vectors,
                       int whole) {
    vector_t sums[SUMS];
    for (int i = 0; i < pixels * vectors; i++) {
        sums[i] = vector_load(run->bias + i % vectors * HELIUM_FLOAT_LANES);
    }
    const helium_float_t *weights = run->weights;
    const int32_t first = source->first + first_pixel * source->step;
    for (int32_t r = 0; r < source->row_count; r++) {
        weights = add_products(sums, source->rows[r] + first, source->step, source->depth, weights, pixels, vectors);
    }
    finish(run, first_pixel, sums, pixels, vectors, whole);
}

/* All pixels of a run. The compiler knows `vectors` and `whole`. */
SPECIALISED void blocks(const run_t *run, const pixels_t *source, int32_t count, int vectors, int whole) {
    const int most = SUMS / vectors;
    int32_t p = 0;
    for (; p + most <= count; p += most) {
        block(run, source, p, most, vectors, whole);
    }
    for (; p + 2 <= count; p += 2) {
        block(run, source, p, 2, vectors, whole);
    }
    if (p < count) {
        block(run, source, p, 1, vectors, whole);
    }
}

/* All channels of `count` pixels, which stand side by side in the output. */
static void all_channels(const helium_float_matrix_t *m, const pixels_t *source, int32_t count, helium_float_t *output,
                         const helium_float_t *residual) {
    const int32_t two = 2 * HELIUM_FLOAT_LANES;
    run_t run = {m, m->weights, m->bias, output, residual, m->channels};
    for (; run.channels > 0; run.channels -= two) {
        if (run.channels >= two) {
            blocks(&run, source, count, 2, 1);
        } else if (run.channels > HELIUM_FLOAT_LANES) {
            blocks(&run, source, count, 2, 0);
        } else {
            blocks(&run, source, count, 1, 0);
        }
        run.weights += m->depth * two;
        run.bias += two;
        run.output += two;
        run.residual += run.residual != NULL ? two : 0;
    }
}

void HELIUM_FLOAT(helium_pointwise)(const helium_float_matrix_t *m, const helium_float_t *input, helium_float_t *output,
                                    int32_t pixels, const helium_float_t *residual) {
    const pixels_t source = {&input, 1, m->depth, 0, m->depth};
    all_channels(m, &source, pixels, output, residual);
}

/* An output pixel whose window reaches over the left or right edge: its patch is copied, with zeros outside. */
static void edge_pixel(const helium_float_conv2d_t *c, const helium_float_t *const rows[], int32_t x,
                       helium_float_t *patch, helium_float_t *output, const helium_float_t *residual) {
    const int32_t begin = x * c->stride_width - c->padding_left, end = begin + c->kernel_width;
    const int32_t inside = begin < 0 ? 0 : begin, inside_end = end < c->input_width ? end : c->input_width;
    const int32_t depth = c->kernel_width * c->input_channels;
    const helium_float_t *patch_rows[HELIUM_CONV2D_FLOAT_ROWS];
    memset(patch, 0, (size_t)(c->kernel_height * depth) * sizeof *patch);
    for (int32_t r = 0; r < c->kernel_height; r++, patch += depth) {
        if (inside < inside_end) {
            memcpy(patch + (inside - begin) * c->input_channels, rows[r] + inside * c->input_channels,
                   (size_t)((inside_end - inside) * c->input_channels) * sizeof *patch);
        }
        patch_rows[r] = patch;
    }
    const pixels_t source = {patch_rows, c->kernel_height, depth, 0, 0};
    all_channels(&c->matrix, &source, 1, output, residual);
}

void HELIUM_FLOAT(helium_conv2d_row)(const helium_float_conv2d_t *c, const helium_float_t *const rows[],
                                     helium_float_t *output_row, uint8_t *scratch, const helium_float_t *residual_row) {
    helium_float_t *patch = (helium_float_t *)(void *)scratch;
    const int32_t step = c->stride_width * c->input_channels, channels = c->matrix.channels;
    /* Windows of the columns first_inner ... end_inner - 1 lie within the row. */
    int32_t first_inner = (c->padding_left + c->stride_width - 1) / c->stride_width;
    int32_t end_inner = c->input_width + c->padding_left - c->kernel_width;
    end_inner = end_inner < 0 ? 0 : end_inner / c->stride_width + 1;
    end_inner = end_inner < c->output_width ? end_inner : c->output_width;
    first_inner = first_inner < end_inner ? first_inner : end_inner;

    for (int32_t x = 0; x < c->output_width; x++) {
        helium_float_t *output = output_row + x * channels;
        const helium_float_t *residual = residual_row == NULL ? NULL : residual_row + x * channels;
        if (x == first_inner && first_inner < end_inner) {
            const int32_t first = first_inner * step - c->padding_left * c->input_channels;
            const pixels_t source = {rows, c->kernel_height, c->kernel_width * c->input_channels, first, step};
            all_channels(&c->matrix, &source, end_inner - first_inner, output, residual);
            x = end_inner - 1;
        } else {
            edge_pixel(c, rows, x, patch, output, residual);
        }
    }
}

void HELIUM_FLOAT(helium_conv2d)(const helium_float_conv2d_t *c, const helium_float_t *input, helium_float_t *output,
                                 uint8_t *scratch, const helium_float_t *residual) {
    const int32_t input_row = c->input_width * c->input_channels;
    const int32_t output_row = c->output_width * c->matrix.channels;
    helium_float_t *outside = (helium_float_t *)(void *)scratch + c->matrix.depth;
    memset(outside, 0, (size_t)input_row * sizeof *outside);
    for (int32_t y = 0; y < c->output_height; y++) {
        const helium_float_t *rows[HELIUM_CONV2D_FLOAT_ROWS];
        for (int32_t r = 0; r < c->kernel_height; r++) {
            const int32_t input_y = y * c->stride_height - c->padding_top + r;
            rows[r] = input_y >= 0 && input_y < c->input_height ? input + input_y * input_row : outside;
        }
        HELIUM_FLOAT(helium_conv2d_row)
        (c, rows, output + y * output_row, scratch, residual == NULL ? NULL : residual + y * output_row);
    }
}
