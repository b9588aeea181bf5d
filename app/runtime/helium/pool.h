/* What the pooling kernels share: the layer's geometry, and the part of each window that lies inside the image. */
#ifndef HELIUM_POOL_H
#define HELIUM_POOL_H

#include "helium.h"

/* Bytes that a whole layer needs as scratch: pointers to the input rows of a window. */
#define HELIUM_POOL_SCRATCH(kernel_height) ((kernel_height) * sizeof(void *))

/* One layer. Every window has at least one pixel inside the image. */
typedef struct {
    int32_t channels;
    helium_size_t input;
    helium_size_t output;
    helium_window_t window;
} helium_pool_t;

/* Input columns (or rows) first ... end - 1. */
typedef struct {
    int32_t first;
    int32_t end;
} helium_span_t;

static inline helium_span_t helium_pool_span(int32_t first, int32_t kernel, int32_t input_size) {
    const int32_t end = first + kernel;
    const helium_span_t span = {first < 0 ? 0 : first, end > input_size ? input_size : end};
    return span;
}

/* The input columns that output column x sees. */
static inline helium_span_t helium_pool_columns(const helium_pool_t *pool, int32_t x) {
    return helium_pool_span(x * pool->window.stride_width - pool->window.padding_left, pool->window.kernel_width,
                            pool->input.width);
}

#endif
