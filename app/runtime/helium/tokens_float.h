/* What attention needs, of floats; sums are accumulated in float32, four at a time. */
#ifndef HELIUM_TOKENS_FLOAT_H
#define HELIUM_TOKENS_FLOAT_H

#include "float_type.h"
#include "product.h"

/* exp(x) over the sum of it, over the channels of every pixel. output may be input. */
void HELIUM_FLOAT(helium_softmax)(const helium_float_t *input, helium_float_t *output, int32_t channels,
                                  int32_t pixels);

/* gain * (x - mean) / sqrt(variance + epsilon) + offset, mean and variance over the channels of every pixel; gain and
 * offset: one a channel. output may be input. */
void HELIUM_FLOAT(helium_layer_norm)(const helium_float_t *input, helium_float_t *output, const helium_float_t *gain,
                                     const helium_float_t *offset, float epsilon, int32_t channels, int32_t pixels);

/* The sums times a factor. scratch: (columns + 1) * depth elements, aligned as these are. */
void HELIUM_FLOAT(helium_product)(const helium_product_t *product, float factor, const helium_float_t *first,
                                  const helium_float_t *second, helium_float_t *output, helium_float_t *scratch);

#endif
