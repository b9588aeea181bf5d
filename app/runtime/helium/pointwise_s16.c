#include "pointwise_s16.h"

static const int8_t *bytes_of(const int16_t *values) {
    return (const int8_t *)(const void *)values;
}

void helium_pointwise_s16_s8(const helium_matrix_s8_t *m, const int16_t *input, int8_t *output, int32_t pixels,
                             uint8_t *scratch) {
    for (int32_t first = 0; first < m->channels; first += HELIUM_GEMM_CHANNELS) {
        helium_matrix_chunk_t chunk;
        helium_matrix_chunk_s16(m, first, scratch, &chunk);
        helium_matrix_run(&chunk, bytes_of(input), 2 * m->depth, pixels, output, NULL);
    }
}

void helium_pointwise_s8_s16(const helium_matrix_s8_t *m, const int8_t *input, int16_t *output, int32_t pixels,
                             uint8_t *scratch) {
    for (int32_t first = 0; first < m->channels; first += HELIUM_GEMM_CHANNELS) {
        helium_matrix_chunk_t chunk;
        helium_matrix_chunk(m, first, scratch, &chunk);
        helium_matrix_run_s16(&chunk, input, m->depth, pixels, output);
    }
}

void helium_pointwise_s16_s16(const helium_matrix_s8_t *m, const int16_t *input, int16_t *output, int32_t pixels,
                              uint8_t *scratch) {
    for (int32_t first = 0; first < m->channels; first += HELIUM_GEMM_CHANNELS) {
        helium_matrix_chunk_t chunk;
        helium_matrix_chunk_s16(m, first, scratch, &chunk);
        helium_matrix_run_s16(&chunk, bytes_of(input), 2 * m->depth, pixels, output);
    }
}
