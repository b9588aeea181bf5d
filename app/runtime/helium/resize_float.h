/* Images of floats at another size. */
#ifndef HELIUM_RESIZE_FLOAT_H
#define HELIUM_RESIZE_FLOAT_H

#include "float_type.h"
#include "resize.h"

/* HWC to HWC. Weights are those of the second row or column, 0 ... 1. */
void HELIUM_FLOAT(helium_resize)(const helium_resize_t *resize, const helium_float_t *row_weights,
                                 const helium_float_t *column_weights, const helium_float_t *input,
                                 helium_float_t *output);

#endif
