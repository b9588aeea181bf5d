#include "pointwise_s8.h"

/* Channels outside, pixels inside: a run of channels' weights is read from the cache for all pixels. */
void helium_pointwise_s8(const helium_matrix_s8_t *m, const int8_t *input, int8_t *output, int32_t pixels,
                         const int8_t *residual) {
    for (int32_t first = 0; first < m->channels; first += HELIUM_MATRIX_CHANNELS) {
        const int32_t left = m->channels - first;
        const int32_t channels = left < HELIUM_MATRIX_CHANNELS ? left : HELIUM_MATRIX_CHANNELS;
        for (int32_t p = 0; p < pixels; p += HELIUM_MATRIX_PIXELS) {
            const int32_t count = pixels - p < HELIUM_MATRIX_PIXELS ? pixels - p : HELIUM_MATRIX_PIXELS;
            const int8_t *from = input + p * m->depth;
            const int8_t *const pixel[HELIUM_MATRIX_PIXELS] = {from, from + m->depth, from + 2 * m->depth};
            helium_matrix_s8(m, first, channels, pixel, count, output + p * m->channels,
                             residual != NULL ? residual + p * m->channels : NULL);
        }
    }
}
