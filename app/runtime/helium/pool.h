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
    helium_window_t window; /* not read where the pool is adaptive */
    int32_t is_adaptive; /* of n input rows and m output rows, row y sees floor(y n / m) ... ceil((y + 1) n / m) - 1 */
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

static inline helium_span_t helium_adaptive_span(int32_t at, int32_t input_size, int32_t output_size) {
    const helium_span_t span = {at * input_size / output_size, ((at + 1) * input_size + output_size - 1) / output_size};
    return span;
}

/* The input rows that output row y sees. */
static inline helium_span_t helium_pool_rows(const helium_pool_t *pool, int32_t y) {
    if (pool->is_adaptive) {
        return helium_adaptive_span(y, pool->input.height, pool->output.height);
    }
    return helium_pool_span(y * pool->window.stride_height - pool->window.padding_top, pool->window.kernel_height,
                            pool->input.height);
}

/* The input columns that output column x sees. */
static inline helium_span_t helium_pool_columns(const helium_pool_t *pool, int32_t x) {
    if (pool->is_adaptive) {
        return helium_adaptive_span(x, pool->input.width, pool->output.width);
    }
    return helium_pool_span(x * pool->window.stride_width - pool->window.padding_left, pool->window.kernel_width,
                            pool->input.width);
}

#endif
