/* 2-D convolution, int8: any kernel, stride and padding. */
#ifndef CONV2D_S8_H
#define CONV2D_S8_H

#include "matrix_s8.h"

/* The tallest kernel. */
#define HELIUM_CONV2D_ROWS 16

/* Input: height x width x channels. The matrix' depth is kernel height x kernel width x input channels, in this order.
 */
typedef struct {
    helium_matrix_s8_t matrix;
    helium_size_t input;
    int32_t input_channels;
    helium_size_t output;
    helium_window_t window; /* kernel_height: up to HELIUM_CONV2D_ROWS */
    int32_t input_zero_point;
} helium_conv2d_s8_t;

/* Bytes that a row needs as scratch: the matrix's, and the patches under HELIUM_GEMM_PIXELS output pixels. */
#define HELIUM_CONV2D_PATCHES(depth) (HELIUM_GEMM_PIXELS * (depth))
static inline int32_t helium_conv2d_row_scratch(const helium_conv2d_s8_t *c) {
    return helium_matrix_scratch(&c->matrix) + HELIUM_CONV2D_PATCHES(c->matrix.depth);
}

/* Makes one row of output. rows: the kernel_height input rows under it; those outside the image are a row of zero
 * points. scratch: helium_conv2d_row_scratch(c) bytes, 16-byte aligned. residual_row: where the epilogue adds, else
 * unused. */
void helium_conv2d_row_s8(const helium_conv2d_s8_t *c, const int8_t *const rows[], int8_t *output_row, uint8_t *scratch,
                          const int8_t *residual_row);

/* The whole layer. scratch: what a row needs, and one input row. */
void helium_conv2d_s8(const helium_conv2d_s8_t *c, const int8_t *input, int8_t *output, uint8_t *scratch,
                      const int8_t *residual);

/* What helium_conv2d_s8 does, with another function for the rows and with `outside` as the memory for the row of zero
 * points (input_width x input_channels bytes). */
typedef void helium_conv2d_row_function(const helium_conv2d_s8_t *c, const int8_t *const rows[], int8_t *output_row,
                                        uint8_t *scratch, const int8_t *residual_row);
void helium_conv2d_by_rows_s8(const helium_conv2d_s8_t *c, helium_conv2d_row_function *row, const int8_t *input,
                              int8_t *output, uint8_t *scratch, uint8_t *outside, const int8_t *residual);

#endif
