#include "pointwise_s8.h"

/* Channels outside, pixels inside: a run of channels' weights is read from the cache for all pixels. */
void helium_pointwise_s8(const helium_matrix_s8_t *m, const int8_t *input, int8_t *output, int32_t pixels,
                         const int8_t *residual) {
    for (int32_t first = 0; first < m->channels; first += HELIUM_MULTIPLY_CHANNELS) {
        helium_matrix_chunk_t chunk;
        helium_matrix_chunk(m, first, &chunk);
        const int8_t *from = input, *added = residual;
        int8_t *to = output;
        for (int32_t left = pixels; left > 0; left -= HELIUM_MULTIPLY_PIXELS) {
            const int32_t count = left < HELIUM_MULTIPLY_PIXELS ? left : HELIUM_MULTIPLY_PIXELS;
            helium_matrix_pixels(&chunk, from, from + m->depth, from + 2 * m->depth, count, to, added);
            from += HELIUM_MULTIPLY_PIXELS * m->depth;
            to += HELIUM_MULTIPLY_PIXELS * m->channels;
            added = added != NULL ? added + HELIUM_MULTIPLY_PIXELS * m->channels : NULL;
        }
    }
}
