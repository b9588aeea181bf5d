/* A whole layer by way of a row function, for elements of type pool_element_t, which the kernel's file defines. */
#include "pool.h"

typedef void pool_row_t(const helium_pool_t *pool, const pool_element_t *const rows[], int32_t count,
                        pool_element_t *output);

/* Calls a row function for every output row, with the input rows of its window that are inside the image.
 * scratch: HELIUM_POOL_SCRATCH(kernel_height) bytes, aligned as pointers are. */
static inline void pool_rows(const helium_pool_t *pool, const pool_element_t *input, pool_element_t *output,
                             uint8_t *scratch, pool_row_t *row_function) {
    const pool_element_t **rows = (const pool_element_t **)(void *)scratch;
    const int32_t input_row = pool->input.width * pool->channels;
    for (int32_t y = 0; y < pool->output.height; y++) {
        const helium_span_t span = helium_pool_rows(pool, y);
        for (int32_t row = span.first; row < span.end; row++) {
            rows[row - span.first] = input + row * input_row;
        }
        row_function(pool, rows, span.end - span.first, output);
        output += pool->output.width * pool->channels;
    }
}
