/* First convolution of a network, int8: few input channels, so that a kernel row fits a vector and a whole patch two.
 * Kernel width x channels: up to 16, depth: up to 32 (3x3 RGB: 9 and 27). */
#ifndef STEM_S8_H
#define STEM_S8_H

#include "conv2d_s8.h"

#define HELIUM_STEM_ROW_BYTES 16
#define HELIUM_STEM_DEPTH 32

/* As helium_conv2d_row_s8; uses no scratch. */
void helium_stem_row_s8(const helium_conv2d_s8_t *c, const int8_t *const rows[], int8_t *output_row, uint8_t *scratch,
                        const int8_t *residual_row);

/* The whole layer. scratch: one input row. */
void helium_stem_s8(const helium_conv2d_s8_t *c, const int8_t *input, int8_t *output, uint8_t *scratch,
                    const int8_t *residual);

#endif
