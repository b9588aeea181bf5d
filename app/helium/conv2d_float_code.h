/* The code of conv2d_float.h for both precisions. */
#include "float_block_multiply.h"

#include <string.h>

#define RUN_CHANNELS (HELIUM_FLOAT_RUN_VECTORS * HELIUM_FLOAT_LANES)

/* Pixels side by side: pixel p is `depth` elements from first + p * step on. */
typedef struct {
    const helium_float_t *first;
    int32_t step;
    int32_t count;
} pixels_t;

/* A run of channels: what it is computed from, and where its part of the first pixel's result goes. */
typedef struct {
    const helium_float_matrix_t *matrix;
    const helium_float_t *weights;
    const helium_float_t *bias;
    helium_float_t *output;
    const helium_float_t *residual; /* or NULL */
    int32_t channels;               /* of this and the following runs */
} run_t;

/* bias + products of a few pixels from `p` on with one vector of the run, whose weights stand `stride` apart. The
 * compiler knows `pixels`. */
SPECIALISED void multiply_vector(const run_t *run, const pixels_t *source, int32_t p, int v, int32_t stride,
                                 int pixels) {
    const int32_t channels = run->matrix->channels, lanes = run->channels - v * HELIUM_FLOAT_LANES;
    const helium_float_t *weights = run->weights + v * HELIUM_FLOAT_LANES, *pixel = source->first + p * source->step;
    vector_t sums[BLOCK_PIXELS];
    for (int i = 0; i < pixels; i++) {
        sums[i] = vector_load(run->bias + v * HELIUM_FLOAT_LANES);
    }
    for (int32_t k = 0; k < run->matrix->depth; k++, weights += stride) {
        const vector_t weight = vector_load(weights);
        for (int i = 0; i < pixels; i++) {
            sums[i] = vector_fma_n(weight, pixel[i * source->step + k], sums[i]);
        }
    }
    helium_float_t *output = run->output + p * channels + v * HELIUM_FLOAT_LANES;
    for (int i = 0; i < pixels; i++, output += channels) {
        vector_store_first(output, sums[i], lanes);
    }
}

/* The pixels from `p` on, one vector of the run after the other. */
static void multiply_vectors(const run_t *run, const pixels_t *source, int32_t p) {
    const int32_t stride = run->channels > HELIUM_FLOAT_LANES ? RUN_CHANNELS : HELIUM_FLOAT_LANES;
    for (; p + BLOCK_PIXELS <= source->count; p += BLOCK_PIXELS) {
        for (int v = 0; v * HELIUM_FLOAT_LANES < stride; v++) {
            multiply_vector(run, source, p, v, stride, BLOCK_PIXELS);
        }
    }
    for (; p < source->count; p++) {
        for (int v = 0; v * HELIUM_FLOAT_LANES < stride; v++) {
            multiply_vector(run, source, p, v, stride, 1);
        }
    }
}

/* Activation and residual of all pixels of a run, in place. */
static void finish(const run_t *run, int32_t first_pixel, int32_t pixels) {
    const int32_t channels = run->matrix->channels;
    for (int32_t c = 0; c < RUN_CHANNELS && c < run->channels; c += HELIUM_FLOAT_LANES) {
        const int32_t lanes = run->channels - c;
        int32_t at = first_pixel * channels + c;
        for (int32_t p = 0; p < pixels; p++, at += channels) {
            vector_t x = vector_load_first(run->output + at, lanes);
            vector_activate(&run->matrix->activation, &x, 1);
            if (run->residual != NULL) {
                x = vector_add(x, vector_load_first(run->residual + at, lanes));
            }
            vector_store_first(run->output + at, x, lanes);
        }
    }
}

#if HELIUM_MVE

/* As many pixels of a run of whole vectors as make whole blocks, clamped if the activation is a clamp; returns how
 * many.
 */
static int32_t multiply_blocks(const run_t *run, const pixels_t *source) {
    const helium_activation_t *activation = &run->matrix->activation;
    const int is_clamp = activation->kind == HELIUM_CLAMP;
    const int32_t step = source->step * (int32_t)sizeof(helium_float_t), blocks = source->count / BLOCK_PIXELS;
    const int is_aligned = sizeof(helium_float_t) == 4 || (((uint32_t)source->first | (uint32_t)step) & 3) == 0;
    if (run->channels < RUN_CHANNELS || blocks == 0 || !is_aligned) {
        return 0;
    }
    block_multiply_t m = {
        .pixel = source->first,
        .pixel_step = step,
        .weights = run->weights,
        .bias = run->bias,
        .output = run->output,
        .output_step = run->matrix->channels * (int32_t)sizeof(helium_float_t),
        .eights = run->matrix->depth / 8,
        .rest = run->matrix->depth % 8,
        .low = vector_of(is_clamp ? activation->low : (helium_float_t)-INFINITY),
        .high = vector_of(is_clamp ? activation->high : (helium_float_t)INFINITY),
        .blocks = blocks,
    };
    block_multiply(&m);
    return blocks * BLOCK_PIXELS;
}

#else

static int32_t multiply_blocks(const run_t *run, const pixels_t *source) {
    (void)run;
    (void)source;
    return 0;
}

#endif

/* All channels of the pixels. residual: laid out as the output, or NULL. */
static void multiply(const helium_float_matrix_t *m, const pixels_t *source, helium_float_t *output,
                     const helium_float_t *residual) {
    run_t run = {m, m->weights, m->bias, output, residual, m->channels};
    for (; run.channels > 0; run.channels -= RUN_CHANNELS) {
        const int32_t done = multiply_blocks(&run, source);
        multiply_vectors(&run, source, done);
        if (residual != NULL || m->activation.kind > HELIUM_CLAMP) {
            finish(&run, 0, source->count);
        } else if (m->activation.kind == HELIUM_CLAMP) {
            finish(&run, done, source->count - done);
        }
        run.weights += m->depth * RUN_CHANNELS;
        run.bias += RUN_CHANNELS;
        run.output += RUN_CHANNELS;
        run.residual += residual != NULL ? RUN_CHANNELS : 0;
    }
}

void HELIUM_FLOAT(helium_pointwise)(const helium_float_matrix_t *m, const helium_float_t *input, helium_float_t *output,
                                    int32_t pixels, const helium_float_t *residual) {
    const pixels_t source = {input, m->depth, pixels};
    multiply(m, &source, output, residual);
}

/* Copies a few elements; patches are made of many short pieces. */
SPECIALISED void copy(helium_float_t *to, const helium_float_t *from, int32_t count) {
    for (; count > 0; count -= HELIUM_FLOAT_LANES) {
        vector_store_first(to, vector_load_first(from, count), count);
        to += HELIUM_FLOAT_LANES;
        from += HELIUM_FLOAT_LANES;
    }
}

/* The patch under output column x, with zeros left and right of the rows. */
static void make_patch(const helium_float_conv2d_t *c, const helium_float_t *const rows[], int32_t x,
                       helium_float_t *patch) {
    const int32_t depth = c->kernel_width * c->input_channels, begin = x * c->stride_width - c->padding_left;
    const int32_t end = begin + c->kernel_width;
    const int32_t inside = begin < 0 ? 0 : begin, inside_end = end < c->input_width ? end : c->input_width;
    if (inside > begin || inside_end < end) {
        memset(patch, 0, (size_t)(c->kernel_height * depth) * sizeof *patch);
    }
    for (int32_t r = 0; r < c->kernel_height; r++, patch += depth) {
        copy(patch + (inside - begin) * c->input_channels, rows[r] + inside * c->input_channels,
             (inside_end - inside) * c->input_channels);
    }
}

void HELIUM_FLOAT(helium_conv2d_row)(const helium_float_conv2d_t *c, const helium_float_t *const rows[],
                                     helium_float_t *output_row, uint8_t *scratch, const helium_float_t *residual_row) {
    helium_float_t *patches = (helium_float_t *)(void *)scratch;
    const int32_t step = HELIUM_CONV2D_FLOAT_PATCH(c->matrix.depth);
    for (int32_t x = 0; x < c->output_width; x++) {
        make_patch(c, rows, x, patches + x * step);
    }
    const pixels_t source = {patches, step, c->output_width};
    multiply(&c->matrix, &source, output_row, residual_row);
}

void HELIUM_FLOAT(helium_conv2d)(const helium_float_conv2d_t *c, const helium_float_t *input, helium_float_t *output,
                                 uint8_t *scratch, const helium_float_t *residual) {
    const int32_t input_row = c->input_width * c->input_channels;
    const int32_t output_row = c->output_width * c->matrix.channels;
    const int32_t patches = c->output_width * HELIUM_CONV2D_FLOAT_PATCH(c->matrix.depth);
    helium_float_t *outside = (helium_float_t *)(void *)scratch + patches;
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
