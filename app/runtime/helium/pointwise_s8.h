/* 1x1 convolution, stride 1, int8. */
#ifndef POINTWISE_S8_H
#define POINTWISE_S8_H

#include "matrix_s8.h"

/* input: pixels x depth, output: pixels x channels; residual as output, or NULL where the epilogue does not add. It may
 * be the same memory as output. scratch: helium_matrix_scratch(m) bytes, 16-byte aligned. */
void helium_pointwise_s8(const helium_matrix_s8_t *m, const int8_t *input, int8_t *output, int32_t pixels,
                         uint8_t *scratch, const int8_t *residual);

#endif
