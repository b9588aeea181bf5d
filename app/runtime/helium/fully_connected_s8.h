/* Fully connected layer, int8: a vector times a matrix. */
#ifndef FULLY_CONNECTED_S8_H
#define FULLY_CONNECTED_S8_H

#include "matrix_s8.h"

/* input: depth, output: channels; residual as output, or NULL where the epilogue does not add. scratch: 16-byte
 * aligned, helium_matrix_scratch(m) bytes; where the depth is above 32, less the accumulators of two pixels:
 * 8 * HELIUM_GEMM_CHANNELS. */
void helium_fully_connected_s8(const helium_matrix_s8_t *m, const int8_t *input, int8_t *output, uint8_t *scratch,
                               const int8_t *residual);

#endif
