/* 2-D convolution of floats, 1x1 convolution and fully connected layer: sums of products with a weight matrix. */
#ifndef HELIUM_CONV2D_FLOAT_H
#define HELIUM_CONV2D_FLOAT_H

#include "float_type.h"

/* The most rows from a window's first to its last. */
#define HELIUM_CONV2D_FLOAT_ROWS 32

/* output[c] = activation(bias[c] + sum(weight[c][k] * input[k])), then, where there is a residual,
 * clamp(output[c] + residual[c], sum_low, sum_high) */
typedef struct {
    /* Runs of HELIUM_FLOAT_RUN_VECTORS vectors of channels, at the end of one vector where their number is odd. A run
     * has, for each k in turn, the weights of its channels. Zeros fill up the last vector. */
    const helium_float_t *weights;
    const helium_float_t *bias; /* of whole vectors too */
    int32_t depth;
    int32_t channels;
    helium_activation_t activation;
    helium_float_t sum_low; /* infinite where it is open */
    helium_float_t sum_high;
} helium_float_matrix_t;

/* Packs: as in conv2d_s8.h; the weights of each and its bias are of whole vectors. */
typedef struct {
    helium_float_matrix_t matrix; /* depth: of a pack: kernel width x `column` */
    helium_size_t input;
    int32_t input_channels;
    helium_size_t output;
    helium_window_t window; /* up to HELIUM_CONV2D_FLOAT_ROWS rows */
    int32_t packs;
    int32_t column;         /* elements: kernel height x input channels of a pack; one more, whose weight is zero, where
                               pixels would not be a multiple of 4 bytes apart otherwise */
    int32_t pixels_at_once; /* as in conv2d_s8.h */
} helium_float_conv2d_t;

/* Elements of the copied columns. */
static inline int32_t helium_float_strip(const helium_float_conv2d_t *c) {
    const int32_t columns = HELIUM_CONV2D_COLUMNS(c->pixels_at_once, c->window.kernel_width, c->window.stride_width,
                                                  c->window.dilation_width);
    return c->pixels_at_once > 0 ? columns * c->column : 0;
}

/* 1x1 convolution of pixels x depth to pixels x channels. A fully connected layer is one pixel. residual: laid out as
 * the output, or NULL. */
void HELIUM_FLOAT(helium_pointwise)(const helium_float_matrix_t *m, const helium_float_t *input, helium_float_t *output,
                                    int32_t pixels, const helium_float_t *residual);

/* One row of output. rows: the input rows under it, from its window's first to its last; those outside the image are
 * zeros. scratch: helium_float_strip(c) elements, 16-byte aligned. residual_row: laid out as the output row, or NULL.
 */
void HELIUM_FLOAT(helium_conv2d_row)(const helium_float_conv2d_t *c, const helium_float_t *const rows[],
                                     helium_float_t *output_row, uint8_t *scratch, const helium_float_t *residual_row);

/* The whole layer, HWC to HWC. scratch: what a row needs, and one input row. */
void HELIUM_FLOAT(helium_conv2d)(const helium_float_conv2d_t *c, const helium_float_t *input, helium_float_t *output,
                                 uint8_t *scratch, const helium_float_t *residual);

#endif
