/* Sums of products: a few pixels times packed weights, to 32-bit accumulators. The inner loop of matrix_s8. */
#ifndef MULTIPLY_S8_H
#define MULTIPLY_S8_H

#include "matrix_s8.h"

/* accumulators[p * HELIUM_MATRIX_CHANNELS + c] = sum over k of weight[c][k] * pixel[p][k].
 *
 * weights: packed pairs (matrix_s8.h), starting with channel 0 of the call. channels: a multiple of 4, at most
 * HELIUM_MATRIX_CHANNELS. pixels: 1 ... 3. `depth` bytes of each are read, no more. */
void helium_multiply_s8(const int8_t *weights, int32_t depth, int32_t channels,
                        const int8_t *const pixel[HELIUM_MATRIX_PIXELS], int32_t pixels, int32_t *accumulators);

#endif
