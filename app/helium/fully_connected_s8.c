#include "fully_connected_s8.h"

void helium_fully_connected_s8(const helium_matrix_s8_t *m, const int8_t *input, int8_t *output,
                               const int8_t *residual) {
    const int8_t *const pixel[HELIUM_MATRIX_PIXELS] = {input, NULL, NULL};
    helium_matrix_all_channels_s8(m, pixel, 1, output, residual);
}
