/* The code of pool_float.h for both precisions: a vector of channels at a time. */
#include "float_vector.h"

typedef helium_float_t pool_element_t;
#include "pool_rows_code.h"

/* One row's part of a mean: the sum of x / count over `width` pixels. So no sum can exceed the largest x, and a sum in
 * half precision stays short. */
ALWAYS_INLINE vector_t row_share(const helium_float_t *pixel, int32_t width, int32_t channels, int32_t lanes,
                                 helium_float_t reciprocal) {
    vector_t sum = vector_of(0);
    for (int32_t x = 0; x < width; x++) {
        sum = vector_fma_n(vector_load_first(pixel, lanes), reciprocal, sum);
        pixel += channels;
    }
    return sum;
}

void HELIUM_FLOAT(helium_average_pool_row)(const helium_pool_t *pool, const helium_float_t *const rows[], int32_t count,
                                           helium_float_t *output) {
    for (int32_t x = 0; x < pool->output.width; x++) {
        const helium_span_t span = helium_pool_columns(pool, x);
        const int32_t width = span.end - span.first;
        const helium_float_t reciprocal = (helium_float_t)(1.0f / (float)(count * width));
        for (int32_t channel = 0; channel < pool->channels; channel += HELIUM_FLOAT_LANES) {
            const int32_t lanes = pool->channels - channel;
            vector_t mean = vector_of(0);
            for (int32_t r = 0; r < count; r++) {
                const helium_float_t *pixel = rows[r] + span.first * pool->channels + channel;
                mean = vector_add(mean, row_share(pixel, width, pool->channels, lanes, reciprocal));
            }
            vector_store_first(output + channel, mean, lanes);
        }
        output += pool->channels;
    }
}

void HELIUM_FLOAT(helium_max_pool_row)(const helium_pool_t *pool, const helium_float_t *const rows[], int32_t count,
                                       helium_float_t *output) {
    for (int32_t x = 0; x < pool->output.width; x++) {
        const helium_span_t span = helium_pool_columns(pool, x);
        for (int32_t channel = 0; channel < pool->channels; channel += HELIUM_FLOAT_LANES) {
            const int32_t lanes = pool->channels - channel, first = span.first * pool->channels + channel;
            vector_t largest = vector_load_first(rows[0] + first, lanes);
            for (int32_t r = 0; r < count; r++) {
                const helium_float_t *pixel = rows[r] + first;
                for (int32_t column = span.first; column < span.end; column++, pixel += pool->channels) {
                    largest = vector_maximum(largest, vector_load_first(pixel, lanes));
                }
            }
            vector_store_first(output + channel, largest, lanes);
        }
        output += pool->channels;
    }
}

void HELIUM_FLOAT(helium_average_pool)(const helium_pool_t *pool, const helium_float_t *input, helium_float_t *output,
                                       uint8_t *scratch) {
    pool_rows(pool, input, output, scratch, HELIUM_FLOAT(helium_average_pool_row));
}

void HELIUM_FLOAT(helium_max_pool)(const helium_pool_t *pool, const helium_float_t *input, helium_float_t *output,
                                   uint8_t *scratch) {
    pool_rows(pool, input, output, scratch, HELIUM_FLOAT(helium_max_pool_row));
}
