/* 1x1 convolution, stride 1, where the input or the output is int16; as pointwise_s8.h, without epilogue. A fully
 * connected layer is one pixel. */
#ifndef POINTWISE_S16_H
#define POINTWISE_S16_H

#include "matrix_s16.h"

/* int16 to int8; weights packed for int16 pixels (gemm_s16.h). */
void helium_pointwise_s16_s8(const helium_matrix_s8_t *m, const int16_t *input, int8_t *output, int32_t pixels,
                             uint8_t *scratch);

/* int8 to int16. */
void helium_pointwise_s8_s16(const helium_matrix_s8_t *m, const int8_t *input, int16_t *output, int32_t pixels,
                             uint8_t *scratch);

/* int16 to int16; weights packed for int16 pixels. */
void helium_pointwise_s16_s16(const helium_matrix_s8_t *m, const int16_t *input, int16_t *output, int32_t pixels,
                              uint8_t *scratch);

#endif
