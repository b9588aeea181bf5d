/* Pixels times a matrix of weights, both precisions: what the convolutions of conv2d_float_code.h have in common. */
#ifndef HELIUM_FLOAT_MATRIX_H
#define HELIUM_FLOAT_MATRIX_H

#include "conv2d_float.h"
#include "float_gemm.h"

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

/* Activation, residual and the sum's clamp of a vector of channels of some pixels, in place. The compiler knows kind,
 * adds and whole. */
SPECIALISED void finish_vector(const run_t *run, int32_t at, int32_t lanes, int32_t pixels,
                               helium_activation_kind_t kind, int adds, int whole) {
    const int32_t channels = run->matrix->channels;
    const vector_t low = vector_of(run->matrix->sum_low), high = vector_of(run->matrix->sum_high);
    helium_activation_t activation = run->matrix->activation;
    helium_float_t *output = run->output + at;
    const helium_float_t *residual = adds ? run->residual + at : NULL;
    activation.kind = kind;
    for (int32_t p = 0; p < pixels; p++, output += channels) {
        vector_t x = whole ? vector_load(output) : vector_load_first(output, lanes);
        vector_activate(&activation, &x, 1);
        if (adds) {
            x = vector_add(x, whole ? vector_load(residual) : vector_load_first(residual, lanes));
            x = vector_minimum(vector_maximum(x, low), high);
            residual += channels;
        }
        if (whole) {
            vector_store(output, x);
        } else {
            vector_store_first(output, x, lanes);
        }
    }
}

/* The same for one or more runs. What is usual has a loop of its own. */
static __attribute__((noinline)) void finish(const run_t *run, int32_t runs, int32_t first_pixel, int32_t pixels) {
    const helium_activation_kind_t kind = run->matrix->activation.kind;
    const int adds = run->residual != NULL;
    for (int32_t c = 0; c < runs * RUN_CHANNELS && c < run->channels; c += HELIUM_FLOAT_LANES) {
        const int32_t at = first_pixel * run->matrix->channels + c, lanes = run->channels - c;
        const int whole = lanes >= HELIUM_FLOAT_LANES;
        if (whole && kind == HELIUM_HARD_SWISH && !adds) {
            finish_vector(run, at, lanes, pixels, HELIUM_HARD_SWISH, 0, 1);
        } else if (whole && kind == HELIUM_LINEAR && adds) {
            finish_vector(run, at, lanes, pixels, HELIUM_LINEAR, 1, 1);
        } else if (adds) {
            finish_vector(run, at, lanes, pixels, kind, 1, 0);
        } else {
            finish_vector(run, at, lanes, pixels, kind, 0, 0);
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
    float_gemm_t m = {
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
    float_gemm(&m);
    return blocks * BLOCK_PIXELS;
}

#else

static int32_t multiply_blocks(const run_t *run, const pixels_t *source) {
    (void)run;
    (void)source;
    return 0;
}

#endif

/* Vectors of one pixel that are computed together: one load of an activation for all. */
#define PIXEL_VECTORS 4
#define PIXEL_RUNS (PIXEL_VECTORS / HELIUM_FLOAT_RUN_VECTORS)

/* PIXEL_RUNS whole runs of a single pixel; no activation yet. */
static void multiply_pixel(const run_t *run, const helium_float_t *pixel) {
    const int32_t depth = run->matrix->depth;
    vector_t sums[PIXEL_VECTORS];
    for (int i = 0; i < PIXEL_VECTORS; i++) {
        sums[i] = vector_load(run->bias + i * HELIUM_FLOAT_LANES);
    }
    const helium_float_t *weights = run->weights;
    for (int32_t k = 0; k < depth; k++, weights += RUN_CHANNELS) {
        const helium_float_t x = pixel[k];
        for (int i = 0; i < PIXEL_VECTORS; i++) {
            const int32_t vector = i % HELIUM_FLOAT_RUN_VECTORS, of_run = i / HELIUM_FLOAT_RUN_VECTORS;
            const helium_float_t *from = weights + of_run * depth * RUN_CHANNELS + vector * HELIUM_FLOAT_LANES;
            sums[i] = vector_fma_n(vector_load(from), x, sums[i]);
        }
    }
    for (int i = 0; i < PIXEL_VECTORS; i++) {
        vector_store(run->output + i * HELIUM_FLOAT_LANES, sums[i]);
    }
}

/* Goes on by so many runs. */
static void advance(run_t *run, int32_t runs) {
    run->weights += run->matrix->depth * runs * RUN_CHANNELS;
    run->bias += runs * RUN_CHANNELS;
    run->output += runs * RUN_CHANNELS;
    run->residual += run->residual != NULL ? runs * RUN_CHANNELS : 0;
    run->channels -= runs * RUN_CHANNELS;
}

/* The first `channels` of the matrix for all pixels. residual: laid out as the output, or NULL. */
static void multiply(const helium_float_matrix_t *m, int32_t channels, const pixels_t *source, helium_float_t *output,
                     const helium_float_t *residual) {
    run_t run = {m, m->weights, m->bias, output, residual, channels};
    while (run.channels > 0) {
        int32_t done = 0, runs = 1;
        if (source->count == 1 && run.channels >= PIXEL_RUNS * RUN_CHANNELS) {
            multiply_pixel(&run, source->first);
            runs = PIXEL_RUNS;
        } else {
            done = multiply_blocks(&run, source);
            multiply_vectors(&run, source, done);
        }
        if (residual != NULL || m->activation.kind > HELIUM_CLAMP) {
            finish(&run, runs, 0, source->count);
        } else if (m->activation.kind == HELIUM_CLAMP) {
            finish(&run, runs, done, source->count - done);
        }
        advance(&run, runs);
    }
}

#endif
