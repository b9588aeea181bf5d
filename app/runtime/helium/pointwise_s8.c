#include "pointwise_s8.h"

/* Channels outside, pixels inside: a run of channels' weights is read from the cache for all pixels. */
void helium_pointwise_s8(const helium_matrix_s8_t *m, const int8_t *input, int8_t *output, int32_t pixels,
                         uint8_t *scratch, const int8_t *residual) {
    for (int32_t first = 0; first < m->channels; first += HELIUM_GEMM_CHANNELS) {
        helium_matrix_chunk_t chunk;
        helium_matrix_chunk(m, first, scratch, &chunk);
        helium_matrix_run(&chunk, input, m->depth, pixels, output, residual);
    }
}
