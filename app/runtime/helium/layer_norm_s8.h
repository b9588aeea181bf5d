/* int8 layer norm over the channels of every pixel, in exact integers. */
#ifndef HELIUM_LAYER_NORM_S8_H
#define HELIUM_LAYER_NORM_S8_H

#include "helium.h"

/* IntegerLayerNorm of the layer graph, where the steps are told. multiplier, shift and offset: one a channel. */
typedef struct {
    const int32_t *multiplier; /* negative where the gain is */
    const int32_t *shift;      /* -1 ... -31 */
    const int32_t *offset;     /* in 2^-8 of the output's steps */
    int64_t epsilon;
    int32_t channels;
    int32_t room; /* by how many bits a value is shifted left once the mean is gone */
    int32_t zero_point;
} helium_layer_norm_t;

/* output may be input. */
void helium_layer_norm_s8(const helium_layer_norm_t *norm, const int8_t *input, int8_t *output, int32_t pixels);

#endif
