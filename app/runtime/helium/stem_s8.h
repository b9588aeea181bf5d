/* First convolution of a network, int8: few input channels, so that a kernel row fits a vector and a whole patch two.
 * Kernel width x channels: up to 16, depth: up to 32 (3x3 RGB: 9 and 27). */
#ifndef STEM_S8_H
#define STEM_S8_H

#include "conv2d_s8.h"

#define HELIUM_STEM_ROW_BYTES 16
#define HELIUM_STEM_DEPTH 32

/* Patches that are made at a time, each at the start of its HELIUM_STEM_DEPTH bytes. */
#define HELIUM_STEM_TILE 24

/* Bytes that a row needs as scratch: the matrix's, patches, and what the last patch's last vector writes behind it. */
#define HELIUM_STEM_SCRATCH(matrix, patches) ((matrix) + (patches) * HELIUM_STEM_DEPTH + HELIUM_STEM_ROW_BYTES)
static inline int32_t helium_stem_row_scratch(const helium_conv2d_s8_t *c) {
    const int32_t patches = c->output.width < HELIUM_STEM_TILE ? c->output.width : HELIUM_STEM_TILE;
    return HELIUM_STEM_SCRATCH(helium_matrix_scratch(&c->matrix), patches);
}

/* As helium_conv2d_row_s8. scratch: helium_stem_row_scratch(c) bytes, 16-byte aligned. */
void helium_stem_row_s8(const helium_conv2d_s8_t *c, const int8_t *const rows[], int8_t *output_row, uint8_t *scratch,
                        const int8_t *residual_row);

/* The whole layer. scratch: what a row needs, and one input row. */
void helium_stem_s8(const helium_conv2d_s8_t *c, const int8_t *input, int8_t *output, uint8_t *scratch,
                    const int8_t *residual);

#endif
