/* 2-D convolution of floats, 1x1 convolution and fully connected layer: sums of products with a weight matrix. */
#ifndef HELIUM_CONV2D_FLOAT_H
#define HELIUM_CONV2D_FLOAT_H

#include "float_type.h"

/* The tallest kernel. */
#define HELIUM_CONV2D_FLOAT_ROWS 16

/* Elements from one patch to the next: the depth, and one more where it is odd. */
#define HELIUM_CONV2D_FLOAT_PATCH(depth) (((depth) + 1) / 2 * 2)

/* output[c] = activation(bias[c] + sum(weight[c][k] * input[k])) + residual[c] */
typedef struct {
    /* Runs of HELIUM_FLOAT_RUN_VECTORS vectors of channels, at the end of one vector where their number is odd. A run
     * has, for each k in turn, the weights of its channels. Zeros fill up the last vector. */
    const helium_float_t *weights;
    const helium_float_t *bias; /* of whole vectors too */
    int32_t depth;              /* kernel height x kernel width x input channels, in this order */
    int32_t channels;
    helium_activation_t activation;
} helium_float_matrix_t;

typedef struct {
    helium_float_matrix_t matrix;
    helium_size_t input;
    int32_t input_channels;
    helium_size_t output;
    helium_window_t window; /* kernel_height: up to HELIUM_CONV2D_FLOAT_ROWS */
} helium_float_conv2d_t;

/* 1x1 convolution of pixels x depth to pixels x channels. A fully connected layer is one pixel. residual: laid out as
 * the output, or NULL. */
void HELIUM_FLOAT(helium_pointwise)(const helium_float_matrix_t *m, const helium_float_t *input, helium_float_t *output,
                                    int32_t pixels, const helium_float_t *residual);

/* One row of output. rows: the kernel_height input rows under it; those outside the image are zeros. scratch: a patch
 * for each output pixel, in elements. residual_row: laid out as the output row, or NULL. */
void HELIUM_FLOAT(helium_conv2d_row)(const helium_float_conv2d_t *c, const helium_float_t *const rows[],
                                     helium_float_t *output_row, uint8_t *scratch, const helium_float_t *residual_row);

/* The whole layer, HWC to HWC. scratch: what a row needs, and one input row. */
void HELIUM_FLOAT(helium_conv2d)(const helium_float_conv2d_t *c, const helium_float_t *input, helium_float_t *output,
                                 uint8_t *scratch, const helium_float_t *residual);

#endif
