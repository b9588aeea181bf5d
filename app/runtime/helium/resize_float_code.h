/* The code of resize_float.h for both precisions: a vector of channels at a time. */
#include "float_vector.h"

ALWAYS_INLINE vector_t between(vector_t first, vector_t second, helium_float_t weight) {
    return vector_fma_n(vector_subtract(second, first), weight, first);
}

void HELIUM_FLOAT(helium_resize)(const helium_resize_t *resize, const helium_float_t *row_weights,
                                 const helium_float_t *column_weights, const helium_float_t *input,
                                 helium_float_t *output) {
    const int32_t channels = resize->channels, row = resize->input_width * channels;
    for (int32_t y = 0; y < resize->output.height; y++) {
        const helium_float_t *upper = input + resize->rows[2 * y] * row, *lower = input + resize->rows[2 * y + 1] * row;
        for (int32_t x = 0; x < resize->output.width; x++, output += channels) {
            const int32_t left = resize->columns[2 * x] * channels, right = resize->columns[2 * x + 1] * channels;
            for (int32_t i = 0; i < channels; i += HELIUM_FLOAT_LANES) {
                const int32_t lanes = channels - i;
                const vector_t at_left = between(vector_load_first(upper + left + i, lanes),
                                                 vector_load_first(lower + left + i, lanes), row_weights[y]);
                const vector_t at_right = between(vector_load_first(upper + right + i, lanes),
                                                  vector_load_first(lower + right + i, lanes), row_weights[y]);
                vector_store_first(output + i, between(at_left, at_right, column_weights[x]), lanes);
            }
        }
    }
}
