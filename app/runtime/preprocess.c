#include "preprocess.h"

#include <stdbool.h>

#define ONE (1 << PREPROCESS_FRACTION_BITS)

_Static_assert(MODEL_INPUT_CHANNELS == (MODEL_INPUT_COLOUR == COLOUR_GREY ? 1 : 3), "channels and colour differ");

/* side x to / of, rounded to nearest; at least one pixel. */
static uint32_t scaled(uint32_t side, uint32_t to, uint32_t of) {
    const uint32_t pixels = (2 * side * to + of) / (2 * of);
    return pixels > 0 ? pixels : 1;
}

/* One side of `source` pixels, resized, against `size` pixels of the input. */
static side_t side_of(uint32_t source, uint32_t resized, uint32_t size) {
    if (resized >= size) {
        return (side_t){source, resized, .cut = (resized - size) / 2, .begin = 0, .end = size};
    }
    const uint32_t begin = MODEL_INPUT_PLACE == PLACE_CENTRE ? (size - resized) / 2 : 0;
    return (side_t){source, resized, .cut = 0, .begin = begin, .end = begin + resized};
}

/* Where pixel `index` of the input, from begin to end, lies on the frame's side:
 * (pixel + 1/2) * source / resized - 1/2, kept inside the frame. */
static sample_t sample_at(uint32_t index, const side_t *side) {
    const uint64_t pixel = index - side->begin + side->cut;
    const int64_t position = (int64_t)((2 * pixel + 1) * side->source * (ONE / 2) / side->resized) - ONE / 2;
    if (position <= 0) {
        return (sample_t){.before = 0, .weight = 0};
    }
    if (position >= (int64_t)(side->source - 1) * ONE) {
        /* The last pixel, as the neighbour of the one before it: nothing behind the frame is read. */
        return (sample_t){.before = (uint16_t)(side->source > 1 ? side->source - 2 : 0), .weight = ONE};
    }
    return (sample_t){.before = (uint16_t)(position >> PREPROCESS_FRACTION_BITS),
                      .weight = (uint16_t)(position & (ONE - 1))};
}

void preprocess_begin(preprocess_t *state, const uint8_t *rgb, uint32_t width, uint32_t height) {
    uint32_t resized_height = MODEL_INPUT_BOX_HEIGHT;
    uint32_t resized_width = MODEL_INPUT_BOX_WIDTH;
    if (MODEL_INPUT_FIT != FIT_STRETCH) {
        const bool is_wide = width * MODEL_INPUT_BOX_HEIGHT > height * MODEL_INPUT_BOX_WIDTH; /* wider than the box */
        if (is_wide == (MODEL_INPUT_FIT == FIT_CROP)) {                                       /* of the same height */
            resized_width = scaled(width, MODEL_INPUT_BOX_HEIGHT, height);
        } else {
            resized_height = scaled(height, MODEL_INPUT_BOX_WIDTH, width);
        }
    }
    state->rgb = rgb;
    state->height = side_of(height, resized_height, MODEL_INPUT_HEIGHT);
    state->width = side_of(width, resized_width, MODEL_INPUT_WIDTH);
    for (uint32_t column = state->width.begin; column < state->width.end; column++) {
        state->columns[column] = sample_at(column, &state->width);
    }
}

/* Write a pixel in the model's channels; returns where the next one goes. */
static model_input_element_t *put(const uint8_t rgb[3], model_input_element_t *output) {
#if MODEL_INPUT_CHANNELS == 1
    const uint32_t luma = (9798u * rgb[0] + 19235u * rgb[1] + 3735u * rgb[2] + (1u << 14)) >> 15;
    *output++ = preprocessing_table[0][luma];
#else
    for (uint32_t channel = 0; channel < 3; channel++) {
        *output++ = preprocessing_table[channel][rgb[MODEL_INPUT_COLOUR == COLOUR_BGR ? 2 - channel : channel]];
    }
#endif
    return output;
}

static model_input_element_t *put_padding(uint32_t columns, model_input_element_t *output) {
    for (uint32_t column = 0; column < columns; column++) {
        output = put(preprocessing_pad_colour, output);
    }
    return output;
}

void preprocess_row(const void *frame, uint32_t row, model_input_element_t *output) {
    const preprocess_t *state = frame;
    if (row < state->height.begin || row >= state->height.end) {
        put_padding(MODEL_INPUT_WIDTH, output);
        return;
    }
    output = put_padding(state->width.begin, output);
    const uint32_t width = state->width.source;
    const sample_t line = sample_at(row, &state->height);
    const uint8_t *above = state->rgb + line.before * width * 3;
    const uint8_t *below = above + (state->height.source > 1 ? width * 3 : 0);
    const uint32_t right = width > 1 ? 3 : 0; /* bytes to the next pixel */
    for (uint32_t column = state->width.begin; column < state->width.end; column++) {
        const sample_t sample = state->columns[column];
        const uint8_t *top = above + sample.before * 3;
        const uint8_t *bottom = below + sample.before * 3;
        /* The weights of the four pixels around the sample; they sum to ONE * ONE. */
        const uint32_t bottom_right = (uint32_t)sample.weight * line.weight;
        const uint32_t bottom_left = (uint32_t)line.weight * ONE - bottom_right;
        const uint32_t top_right = (uint32_t)sample.weight * ONE - bottom_right;
        const uint32_t top_left = ONE * ONE - top_right - bottom_left - bottom_right;
        uint8_t rgb[3];
        for (uint32_t channel = 0; channel < 3; channel++, top++, bottom++) {
            const uint32_t sum = ONE * ONE / 2 + top[0] * top_left + top[right] * top_right + bottom[0] * bottom_left +
                                 bottom[right] * bottom_right;
            rgb[channel] = (uint8_t)(sum >> (2 * PREPROCESS_FRACTION_BITS));
        }
        output = put(rgb, output);
    }
    put_padding(MODEL_INPUT_WIDTH - state->width.end, output);
}
