/* The vector code of depthwise_window_code.h; IS_WIDE, result_t and weight_of are defined there. */
#ifndef HOST_DEPTHWISE_WINDOW_LANES_H
#define HOST_DEPTHWISE_WINDOW_LANES_H

#include "depthwise_lanes.h"
#include "depthwise_window.h"

#define LEFT_SHIFT HELIUM_DEPTHWISE_CONSTANTS
#define CONSTANTS (HELIUM_DEPTHWISE_CONSTANTS + 1)

/* A channel's constants and weights, taps column by column, as one lane of all. Shifts to the left stand apart. */
static void load_channel(const helium_depthwise_window_t *layer, int32_t channel, int32_t lane,
                         int32_t constants[CONSTANTS][VECTOR_LANES], int8_t weights[][VECTOR_LANES]) {
    for (int32_t kind = 0; kind < HELIUM_DEPTHWISE_CONSTANTS; kind++) {
        constants[kind][lane] = layer->constants[channel * HELIUM_DEPTHWISE_CONSTANTS + kind];
    }
    const int32_t shift = constants[HELIUM_DEPTHWISE_SHIFT][lane];
    constants[LEFT_SHIFT][lane] = shift < 0 ? 0 : shift + 1;
    constants[HELIUM_DEPTHWISE_SHIFT][lane] = shift < 0 ? shift : -1;
    for (int32_t kx = 0; kx < layer->window.kernel_width; kx++) {
        for (int32_t ky = 0; ky < layer->window.kernel_height; ky++) {
            weights[kx * layer->window.kernel_height + ky][lane] = weight_of(layer, channel, ky, kx);
        }
    }
}

static void make_rows(const helium_depthwise_window_t *layer, const int8_t *const rows[], int32_t count,
                      result_t *output, uint8_t *scratch) {
    (void)count; /* always 1 */
    (void)scratch;
    const depthwise_row_t row = {
        .rows = rows,
        .channels = layer->channels,
        .input_width = layer->input.width,
        .output_width = layer->output.width,
        .window = layer->window,
        .input_zero_point = layer->input_zero_point,
        .zero_point = layer->zero_point,
        .minimum = IS_WIDE ? layer->minimum : INT8_MIN,
        .maximum = IS_WIDE ? layer->maximum : INT8_MAX,
        .table = layer->table,
        .result_bytes = sizeof(result_t),
    };
    int8_t strip[strip_bytes(&row)]; /* the scratch has room for 32 columns only */
    for (int32_t channel = 0; channel < layer->channels; channel += VECTOR_LANES) {
        int32_t constants[CONSTANTS][VECTOR_LANES] = {0};
        int8_t weights[layer->window.kernel_height * layer->window.kernel_width][VECTOR_LANES];
        memset(weights, 0, sizeof weights);
        const int32_t left = layer->channels - channel;
        for (int32_t lane = 0; lane < (left < VECTOR_LANES ? left : VECTOR_LANES); lane++) {
            load_channel(layer, channel + lane, lane, constants, weights);
        }
        const depthwise_group_t group = {
            .weights = weights[0],
            .step = VECTOR_LANES,
            .bias = load_lanes(constants[HELIUM_DEPTHWISE_BIAS]),
            .multiplier = load_lanes(constants[HELIUM_DEPTHWISE_MULTIPLIER]),
            .shift = load_lanes(constants[HELIUM_DEPTHWISE_SHIFT]),
            .left_shift = load_lanes(constants[LEFT_SHIFT]),
            .has_left_shift = IS_WIDE,
        };
        depthwise_group(&row, &group, channel, strip, output);
    }
}

#endif
