#include "max_pool_s8.h"

typedef int8_t pool_element_t;
#include "pool_rows_code.h"

#if HELIUM_MVE

void helium_max_pool_row_s8(const helium_pool_t *pool, const int8_t *const rows[], int32_t count, int8_t *output) {
    for (int32_t x = 0; x < pool->output.width; x++) {
        const helium_span_t span = helium_pool_columns(pool, x);
        for (int32_t channel = 0; channel < pool->channels; channel += 16) {
            const mve_pred16_t active = vctp8q((uint32_t)(pool->channels - channel));
            int8x16_t largest = vdupq_n_s8(INT8_MIN);
            for (int32_t row = 0; row < count; row++) {
                const int8_t *pixel = rows[row] + span.first * pool->channels + channel;
                for (int32_t column = span.first; column < span.end; column++) {
                    largest = vmaxq_s8(largest, vldrbq_z_s8(pixel, active));
                    pixel += pool->channels;
                }
            }
            vstrbq_p_s8(output + channel, largest, active);
        }
        output += pool->channels;
    }
}

#else

void helium_max_pool_row_s8(const helium_pool_t *pool, const int8_t *const rows[], int32_t count, int8_t *output) {
    for (int32_t x = 0; x < pool->output.width; x++) {
        const helium_span_t span = helium_pool_columns(pool, x);
        for (int32_t channel = 0; channel < pool->channels; channel++) {
            int8_t largest = INT8_MIN;
            for (int32_t row = 0; row < count; row++) {
                for (int32_t column = span.first; column < span.end; column++) {
                    const int8_t value = rows[row][column * pool->channels + channel];
                    largest = value > largest ? value : largest;
                }
            }
            *output++ = largest;
        }
    }
}

#endif

void helium_max_pool_s8(const helium_pool_t *pool, const int8_t *input, int8_t *output, uint8_t *scratch) {
    pool_rows(pool, input, output, scratch, helium_max_pool_row_s8);
}
