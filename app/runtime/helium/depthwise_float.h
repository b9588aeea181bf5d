/* Depthwise convolution of floats, channel multiplier 1. */
#ifndef HELIUM_DEPTHWISE_FLOAT_H
#define HELIUM_DEPTHWISE_FLOAT_H

#include "float_type.h"

/* The tallest kernel. */
#define HELIUM_DEPTHWISE_FLOAT_ROWS 16

typedef struct {
    /* Vectors of channels, one after the other: of each the weights of every tap, row by row. Zeros fill up the last.
     */
    const helium_float_t *weights;
    const helium_float_t *bias; /* of whole vectors too */
    int32_t channels;
    helium_size_t input;
    helium_size_t output;
    helium_window_t window; /* kernel_height: up to HELIUM_DEPTHWISE_FLOAT_ROWS */
    helium_activation_t activation;
} helium_float_depthwise_t;

/* One row of output. rows: the kernel_height input rows under it; those outside the image are zeros. */
void HELIUM_FLOAT(helium_depthwise_row)(const helium_float_depthwise_t *layer, const helium_float_t *const rows[],
                                        helium_float_t *output_row);

/* The whole layer, HWC to HWC. scratch: one input row. */
void HELIUM_FLOAT(helium_depthwise)(const helium_float_depthwise_t *layer, const helium_float_t *input,
                                    helium_float_t *output, uint8_t *scratch);

#endif
