/* int8 images at another size. */
#ifndef HELIUM_RESIZE_S8_H
#define HELIUM_RESIZE_S8_H

#include "resize.h"

/* A weight of 1. */
#define HELIUM_RESIZE_ONE 128

/* HWC to HWC, rounded once (IntegerResize of the layer graph). Weights are those of the second row or column, 0 ...
 * HELIUM_RESIZE_ONE. */
void helium_resize_s8(const helium_resize_t *resize, const int16_t *row_weights, const int16_t *column_weights,
                      const int8_t *input, int8_t *output);

#endif
