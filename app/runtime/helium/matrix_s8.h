/* A few pixels times a weight matrix: what the 1x1 convolution, the general convolution, the stem and the fully
 * connected layer have in common. A pixel is a vector of `depth` int8 values.
 *
 *     output[p][c] = epilogue(clamp(requantise(bias[c] + sum(weight[c][k] * pixel[p][k])) + zero_point))
 *
 * The input's zero point is folded into the bias when the constants are packed. */
#ifndef MATRIX_S8_H
#define MATRIX_S8_H

#include "finish_s8.h"

/* Groups of 8 channels share one run of constants: bias, multiplier, right shift (as a negative number, -1 ... -31)
 * and, where `has_left_shift`, the left shift applied before the multiplier (saturating, 0 ... 31): 8 int32 each. Of
 * the 8, channels 0, 2, 4, 6 come first, then 1, 3, 5, 7. The last group is filled up with zeros. */
#define HELIUM_MATRIX_GROUP 8
#define HELIUM_MATRIX_ENTRY(channel) (((channel) & 1) * 4 + (((channel) & 7) >> 1))

typedef struct {
    /* Pairs of channels, one after the other. A pair has ceil(depth / 16) blocks; a block is 16 weights of the even
     * channel, then 16 of the odd one. Zeros fill up the depth to 16 and the channels to a multiple of 4. */
    const int8_t *weights;
    const int32_t *constants; /* per group of 8 channels, see above; 16-byte aligned */
    int32_t depth;
    int32_t channels;
    int32_t has_left_shift; /* some channel's scale is at least 1/2: `constants` has left shifts */
    int32_t zero_point;
    int32_t minimum;
    int32_t maximum;
    helium_epilogue_t epilogue;
} helium_matrix_s8_t;

/* Bytes of scratch for the results in front of a residual addition. */
#define HELIUM_MATRIX_RESULTS (HELIUM_GEMM_PIXELS * HELIUM_GEMM_CHANNELS)

/* Accumulators of `pixels` pixels, the last of which has `last`: a chunk's channels, in whole groups. */
#define HELIUM_MATRIX_ACCUMULATORS(pixels, last) (((pixels) - 1) * HELIUM_GEMM_CHANNELS + (last))

/* Bytes that a chunk needs as scratch, a multiple of 16: those results, where there is an addition, and the
 * accumulators of HELIUM_GEMM_PIXELS pixels. (Calls for one pixel of a depth above 32 have accumulators of that one
 * only.) */
#define HELIUM_MATRIX_SCRATCH(accumulators, adds)                                                                      \
    (((adds) ? HELIUM_MATRIX_RESULTS : 0) + (accumulators) * (int32_t)sizeof(int32_t))
static inline int32_t helium_matrix_scratch(const helium_matrix_s8_t *m) {
    const int32_t whole_groups = (m->channels + HELIUM_MATRIX_GROUP - 1) / HELIUM_MATRIX_GROUP * HELIUM_MATRIX_GROUP;
    const int32_t last = whole_groups < HELIUM_GEMM_CHANNELS ? whole_groups : HELIUM_GEMM_CHANNELS;
    const int32_t accumulators = HELIUM_MATRIX_ACCUMULATORS(HELIUM_GEMM_PIXELS, last);
    return HELIUM_MATRIX_SCRATCH(accumulators, m->epilogue.add != NULL);
}

/* What the weights (bytes) and the constants (int32) of so many channels take. */
static inline int32_t helium_matrix_weights(const helium_matrix_s8_t *m, int32_t channels) {
    const int32_t multiple = HELIUM_GEMM_CHANNELS_MULTIPLE, block = HELIUM_GEMM_BLOCK;
    return (channels + multiple - 1) / multiple * multiple * ((m->depth + block - 1) / block * block);
}
static inline int32_t helium_matrix_constants(const helium_matrix_s8_t *m, int32_t channels) {
    const int32_t groups = (channels + HELIUM_MATRIX_GROUP - 1) / HELIUM_MATRIX_GROUP;
    return groups * HELIUM_MATRIX_GROUP * (m->has_left_shift ? 4 : 3);
}

/* A run of output channels, ready to be computed for one group of pixels after the other. */
typedef struct helium_matrix_chunk {
    helium_gemm_t gemm; /* its accumulators are in the scratch */
    int8_t *results;    /* HELIUM_MATRIX_RESULTS bytes, where the epilogue adds */
    helium_finish_t three;
    helium_gemm_function *gemm_three;
    helium_gemm_function *gemm_one;
    /* Does all it can of helium_matrix_run by threes, from the chunk's first channel on; or NULL. */
    int32_t (*run)(const struct helium_matrix_chunk *chunk, const int8_t *pixel, int32_t step, int32_t count,
                   int8_t *output, const int8_t *residual);
    void (*finish)(const struct helium_matrix_chunk *chunk, int32_t pixels, int8_t *output, const int8_t *residual);
    const helium_matrix_s8_t *matrix;
    const int32_t *constants;
    int32_t first;
    int32_t channels;
} helium_matrix_chunk_t;

/* Prepares the channels from `first` (a multiple of HELIUM_GEMM_CHANNELS) on, HELIUM_GEMM_CHANNELS or all that
 * are left. scratch: helium_matrix_scratch(m) bytes, 16-byte aligned, for as long as the chunk is used. */
void helium_matrix_chunk(const helium_matrix_s8_t *m, int32_t first, uint8_t *scratch, helium_matrix_chunk_t *chunk);

/* The same where the matrix makes only the first `channels` of its m->channels. */
void helium_matrix_part(const helium_matrix_s8_t *m, int32_t channels, int32_t first, uint8_t *scratch,
                        helium_matrix_chunk_t *chunk);

/* The chunk's channels of `pixels` (1 ... 3) pixels; pointers to pixels that are not wanted may be anything. `output`
 * is channel 0 of the first pixel, the next pixel follows m->channels bytes later; `residual` is laid out the same, may
 * be the same memory, and is only read where the epilogue adds. */
void helium_matrix_pixels(const helium_matrix_chunk_t *chunk, const int8_t *pixel0, const int8_t *pixel1,
                          const int8_t *pixel2, int32_t pixels, int8_t *output, const int8_t *residual);

/* The same for `count` pixels that stand `step` bytes apart. */
void helium_matrix_run(const helium_matrix_chunk_t *chunk, const int8_t *pixel, int32_t step, int32_t count,
                       int8_t *output, const int8_t *residual);

#endif
