#include "fully_connected_s8.h"

void helium_fully_connected_s8(const helium_matrix_s8_t *m, const int8_t *input, int8_t *output, uint8_t *scratch,
                               const int8_t *residual) {
    for (int32_t first = 0; first < m->channels; first += HELIUM_GEMM_CHANNELS) {
        helium_matrix_chunk_t chunk;
        helium_matrix_chunk(m, first, scratch, &chunk);
        helium_matrix_pixels(&chunk, input, input, input, 1, output, residual);
    }
}
