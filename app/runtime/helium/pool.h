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

typedef void (*helium_pool_row_t)(const helium_pool_t *pool, const int8_t *const rows[], int32_t count, int8_t *output);

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

/* Calls a row function for every output row, with the input rows of its window that are inside the image.
 * scratch: HELIUM_POOL_SCRATCH(kernel_height) bytes, aligned as pointers are. */
static inline void helium_pool_rows(const helium_pool_t *pool, const int8_t *input, int8_t *output, uint8_t *scratch,
                                    helium_pool_row_t row_function) {
    const int8_t **rows = (const int8_t **)(void *)scratch;
    const int32_t input_row = pool->input.width * pool->channels;
    for (int32_t y = 0; y < pool->output.height; y++) {
        const int32_t top = y * pool->window.stride_height - pool->window.padding_top;
        const helium_span_t span = helium_pool_span(top, pool->window.kernel_height, pool->input.height);
        for (int32_t row = span.first; row < span.end; row++) {
            rows[row - span.first] = input + row * input_row;
        }
        row_function(pool, rows, span.end - span.first, output);
        output += pool->output.width * pool->channels;
    }
}

#endif
