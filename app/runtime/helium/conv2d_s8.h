/* 2-D convolution, int8: any kernel, stride, padding and dilation, of all channels or of groups. */
#ifndef CONV2D_S8_H
#define CONV2D_S8_H

#include "matrix_s8.h"

/* The most rows from a window's first to its last. */
#define HELIUM_CONV2D_ROWS 32

/* Input: height x width x channels.
 *
 * Input and output channels are divided into `packs` equal parts; each part of the output is made from the same part of
 * the input: by one dense matrix, that has zeros where the pack has several groups of the convolution. The packs'
 * weights stand one behind the other, and so do their constants, each filled up as matrix_s8.h says. */
typedef struct {
    helium_matrix_s8_t matrix; /* depth: of a pack: kernel width x kernel height x input channels, in this order */
    helium_size_t input;
    int32_t input_channels;
    helium_size_t output;
    helium_window_t window; /* up to HELIUM_CONV2D_ROWS rows */
    int32_t input_zero_point;
    int32_t packs;
    int32_t pixels_at_once; /* output pixels for which a pack's input is copied together; 0: it is read in place, as a
                               1x1 convolution without padding can */
} helium_conv2d_s8_t;

/* Bytes that a row needs as scratch: the matrix's, and a pack's columns under `pixels_at_once` output pixels. */
static inline int32_t helium_conv2d_row_scratch(const helium_conv2d_s8_t *c) {
    const int32_t columns = HELIUM_CONV2D_COLUMNS(c->pixels_at_once, c->window.kernel_width, c->window.stride_width,
                                                  c->window.dilation_width);
    const int32_t bytes = columns * c->window.kernel_height * (c->input_channels / c->packs);
    return helium_matrix_scratch(&c->matrix) + (c->pixels_at_once > 0 ? bytes : 0);
}

/* Makes one row of output. rows: the input rows under it, from its window's first to its last; those outside the image
 * are a row of zero points. scratch: helium_conv2d_row_scratch(c) bytes, 16-byte aligned. residual_row: where the
 * epilogue adds, else unused. */
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
