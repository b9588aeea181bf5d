/* What the resizing kernels share. */
#ifndef HELIUM_RESIZE_H
#define HELIUM_RESIZE_H

#include "helium.h"

/* Each output row mixes two input rows, each output column two columns. The arrays of pairs: first, second of output 0,
 * of output 1, ... */
typedef struct {
    int32_t channels;
    int32_t input_width;
    helium_size_t output;
    const int32_t *rows;
    const int32_t *columns;
} helium_resize_t;

#endif
