/* Sums of products: up to three pixels times packed weights, to 32-bit accumulators. The inner loops of matrix_s8. */
#ifndef GEMM_S8_H
#define GEMM_S8_H

#include "helium.h"

/* Output channels a call computes at most. A pixel's accumulators are so many entries apart. */
#define HELIUM_GEMM_CHANNELS 96
#define HELIUM_GEMM_PIXELS 3

/* How weights are packed: values of a channel that stand together, and what the number of channels is a multiple of. */
#define HELIUM_GEMM_BLOCK 16
#define HELIUM_GEMM_CHANNELS_MULTIPLE 4

/* What a call reads apart from the pixels. The assembly knows the offsets. */
typedef struct {
    const int8_t *weights; /* 0: packed pairs (matrix_s8.h), from the first channel of the call on */
    int32_t *accumulators; /* 4: [pixel][channel], HELIUM_GEMM_CHANNELS channels a pixel */
    int32_t pairs;         /* 8: channels / 2; even */
    int32_t double_blocks; /* 12: half of the full blocks behind the first */
    int32_t last_block;    /* 16: values in the last block, 1 ... 16 */
    int32_t pair_bytes;    /* 20: of a pair's weights */
    int32_t depth;         /* values of a pixel */
} helium_gemm_t;

/* accumulators[p][c] = sum over k of weight[c][k] * pixel_p[k]; reads exactly `depth` bytes of each pixel. */
typedef void helium_gemm_function(const int8_t *pixel0, const int8_t *pixel1, const int8_t *pixel2,
                                  const helium_gemm_t *m);

/* The function for this depth: for three pixels, or for one (it ignores pixel1 and pixel2 or wants them readable: pass
 * the one pixel three times). */
helium_gemm_function *helium_gemm_three_s8(int32_t depth);
helium_gemm_function *helium_gemm_one_s8(int32_t depth);

/* channels: up to HELIUM_GEMM_CHANNELS; rounded up to 4, as the weights are. */
helium_gemm_t helium_gemm_s8(const int8_t *weights, int32_t depth, int32_t channels, int32_t *accumulators);

#endif
