/* The code of conv2d_float.h for both precisions. */
#include "float_gemm.h"

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

/* Activation and residual of a vector of channels of some pixels, in place. The compiler knows kind, adds and whole. */
SPECIALISED void finish_vector(const run_t *run, int32_t at, int32_t lanes, int32_t pixels,
                               helium_activation_kind_t kind, int adds, int whole) {
    const int32_t channels = run->matrix->channels;
    helium_activation_t activation = run->matrix->activation;
    helium_float_t *output = run->output + at;
    const helium_float_t *residual = adds ? run->residual + at : NULL;
    activation.kind = kind;
    for (int32_t p = 0; p < pixels; p++, output += channels) {
        vector_t x = whole ? vector_load(output) : vector_load_first(output, lanes);
        vector_activate(&activation, &x, 1);
        if (adds) {
            x = vector_add(x, whole ? vector_load(residual) : vector_load_first(residual, lanes));
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

/* All channels of the pixels. residual: laid out as the output, or NULL. */
static void multiply(const helium_float_matrix_t *m, const pixels_t *source, helium_float_t *output,
                     const helium_float_t *residual) {
    run_t run = {m, m->weights, m->bias, output, residual, m->channels};
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

void HELIUM_FLOAT(helium_pointwise)(const helium_float_matrix_t *m, const helium_float_t *input, helium_float_t *output,
                                    int32_t pixels, const helium_float_t *residual) {
    const pixels_t source = {input, m->depth, pixels};
    multiply(m, &source, output, residual);
}

/* Copies a few elements; patches are made of many short pieces. The last vector may overlap the one before it. */
SPECIALISED void copy(helium_float_t *to, const helium_float_t *from, int32_t count) {
    if (count < HELIUM_FLOAT_LANES) {
        vector_store_first(to, vector_load_first(from, count), count);
        return;
    }
    const int32_t last = count - HELIUM_FLOAT_LANES;
    for (int32_t i = 0; i < last; i += HELIUM_FLOAT_LANES) {
        vector_store(to + i, vector_load(from + i));
    }
    vector_store(to + last, vector_load(from + last));
}

/* The patch under output column x, with zeros left and right of the rows. */
static void make_patch(const helium_float_conv2d_t *c, const helium_float_t *const rows[], int32_t x,
                       helium_float_t *patch) {
    const int32_t depth = c->window.kernel_width * c->input_channels;
    const int32_t begin = x * c->window.stride_width - c->window.padding_left;
    const int32_t missing = begin < 0 ? -begin : 0; /* columns left of the image */
    const int32_t left = missing < c->window.kernel_width ? missing : c->window.kernel_width;
    const int32_t wanted = c->input.width - begin; /* to the end of the image; at most the kernel */
    const int32_t end = wanted < left ? left : wanted < c->window.kernel_width ? wanted : c->window.kernel_width;
    if (end - left < c->window.kernel_width) {
        memset(patch, 0, (size_t)(c->window.kernel_height * depth) * sizeof *patch);
    }
    if (left == end) { /* the window is wholly outside */
        return;
    }
    for (int32_t r = 0; r < c->window.kernel_height; r++, patch += depth) {
        copy(patch + left * c->input_channels, rows[r] + (begin + left) * c->input_channels,
             (end - left) * c->input_channels);
    }
}

/* Row r of the patches under the columns first ... end - 1, whose windows lie within the input row. */
static void make_patch_rows(const helium_float_conv2d_t *c, const helium_float_t *row, int32_t r, int32_t first,
                            int32_t end, helium_float_t *patches) {
    const int32_t step = HELIUM_CONV2D_FLOAT_PATCH(c->matrix.depth), depth = c->window.kernel_width * c->input_channels;
    const helium_float_t *from = row + (first * c->window.stride_width - c->window.padding_left) * c->input_channels;
    helium_float_t *to = patches + first * step + r * depth;
    for (int32_t x = first; x < end; x++) {
        copy(to, from, depth);
        from += c->window.stride_width * c->input_channels;
        to += step;
    }
}

void HELIUM_FLOAT(helium_conv2d_row)(const helium_float_conv2d_t *c, const helium_float_t *const rows[],
                                     helium_float_t *output_row, uint8_t *scratch, const helium_float_t *residual_row) {
    helium_float_t *patches = (helium_float_t *)(void *)scratch;
    const int32_t step = HELIUM_CONV2D_FLOAT_PATCH(c->matrix.depth);
    const int32_t last_begin = c->input.width - c->window.kernel_width;
    int32_t x = 0, begin = -c->window.padding_left;
    for (; x < c->output.width && begin < 0; x++, begin += c->window.stride_width) {
        make_patch(c, rows, x, patches + x * step);
    }
    int32_t end = x;
    for (; end < c->output.width && begin <= last_begin; end++) {
        begin += c->window.stride_width;
    }
    for (int32_t r = 0; r < c->window.kernel_height; r++) {
        make_patch_rows(c, rows[r], r, x, end, patches);
    }
    for (x = end; x < c->output.width; x++) {
        make_patch(c, rows, x, patches + x * step);
    }
    const pixels_t source = {patches, step, c->output.width};
    multiply(&c->matrix, &source, output_row, residual_row);
}

void HELIUM_FLOAT(helium_conv2d)(const helium_float_conv2d_t *c, const helium_float_t *input, helium_float_t *output,
                                 uint8_t *scratch, const helium_float_t *residual) {
    const int32_t input_row = c->input.width * c->input_channels;
    const int32_t output_row = c->output.width * c->matrix.channels;
    const int32_t patches = c->output.width * HELIUM_CONV2D_FLOAT_PATCH(c->matrix.depth);
    helium_float_t *outside = (helium_float_t *)(void *)scratch + patches;
    memset(outside, 0, (size_t)input_row * sizeof *outside);
    for (int32_t y = 0; y < c->output.height; y++) {
        const helium_float_t *rows[HELIUM_CONV2D_FLOAT_ROWS];
        for (int32_t r = 0; r < c->window.kernel_height; r++) {
            const int32_t input_y = y * c->window.stride_height - c->window.padding_top + r;
            rows[r] = input_y >= 0 && input_y < c->input.height ? input + input_y * input_row : outside;
        }
        HELIUM_FLOAT(helium_conv2d_row)
        (c, rows, output + y * output_row, scratch, residual == NULL ? NULL : residual + y * output_row);
    }
}
