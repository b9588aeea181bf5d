/* The vector code of depthwise_s8.c. */
#ifndef HOST_DEPTHWISE_S8_LANES_H
#define HOST_DEPTHWISE_S8_LANES_H

#include "depthwise_lanes.h"
#include "depthwise_s8.h"

/* Entries in narrowing order, of channels 0 ... 7 or 8 ... 15 of a group of 16, in channel order. */
ALWAYS_INLINE lanes_t narrowing_lanes(const int32_t *entries, int32_t channel) {
    int32_t own[VECTOR_LANES];
    for (int32_t i = 0; i < VECTOR_LANES; i++) {
        const int32_t lane = channel % HELIUM_GROUP + i;
        own[i] = entries[channel - channel % HELIUM_GROUP + HELIUM_NARROWING_ORDER(lane)];
    }
    return load_lanes(own);
}

void helium_depthwise_row_s8(const helium_depthwise_t *layer, const int8_t *const rows[], int8_t *output,
                             uint8_t *scratch) {
    const helium_requantise_t *r = &layer->requantise;
    const int32_t taps = layer->window.kernel_height * layer->window.kernel_width;
    const depthwise_row_t row = {
        .rows = rows,
        .channels = layer->channels,
        .input_width = layer->input.width,
        .output_width = layer->output.width,
        .window = layer->window,
        .input_zero_point = layer->input_zero_point,
        .zero_point = r->zero_point,
        .minimum = r->minimum,
        .maximum = r->maximum,
        .table = layer->table,
        .result_bytes = 1,
    };
    for (int32_t channel = 0; channel < layer->channels; channel += VECTOR_LANES) {
        const int32_t lane = channel % HELIUM_GROUP;
        const depthwise_group_t group = {
            .weights = layer->weights + (channel - lane) * taps + lane,
            .step = HELIUM_GROUP,
            .bias = narrowing_lanes(layer->bias, channel),
            .multiplier = narrowing_lanes(r->multiplier, channel),
            .shift = narrowing_lanes(r->shift, channel),
            .left_shift = r->left_shift != NULL ? narrowing_lanes(r->left_shift, channel) : same_lanes(0),
            .has_left_shift = r->left_shift != NULL,
        };
        depthwise_group(&row, &group, channel, (int8_t *)scratch, output);
    }
}

#endif
