/* Depthwise convolution of floats, channel multiplier 1. */
#ifndef HELIUM_DEPTHWISE_FLOAT_H
#define HELIUM_DEPTHWISE_FLOAT_H

#include "float_type.h"

/* The most rows from a window's first to its last. */
#define HELIUM_DEPTHWISE_FLOAT_ROWS 32

typedef struct {
    /* Vectors of channels, one after the other: of each the weights of every tap, row by row. Zeros fill up the last.
     */
    const helium_float_t *weights;
    const helium_float_t *bias; /* of whole vectors too */
    int32_t channels;
    helium_size_t input;
    helium_size_t output;
    helium_window_t window; /* up to HELIUM_DEPTHWISE_FLOAT_ROWS rows */
    helium_activation_t activation;
} helium_float_depthwise_t;

/* One row of output. rows: the input rows under it, from its window's first to its last; those outside the image are
 * zeros. */
void HELIUM_FLOAT(helium_depthwise_row)(const helium_float_depthwise_t *layer, const helium_float_t *const rows[],
                                        helium_float_t *output_row);

/* The whole layer, HWC to HWC. scratch: one input row. */
void HELIUM_FLOAT(helium_depthwise)(const helium_float_depthwise_t *layer, const helium_float_t *input,
                                    helium_float_t *output, uint8_t *scratch);

#endif
