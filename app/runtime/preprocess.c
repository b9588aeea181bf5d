#include "preprocess.h"

#define ONE (1 << PREPROCESS_FRACTION_BITS)

_Static_assert(MODEL_INPUT_CHANNELS == 3, "frames are RGB");
_Static_assert(MODEL_INPUT_RESIZE >= MODEL_INPUT_HEIGHT && MODEL_INPUT_RESIZE >= MODEL_INPUT_WIDTH,
               "the crop must fit in the resized image");

/* Where sample `index` of the cropped side lies on the frame's side of `source` pixels:
 * (pixel + 1/2) * source / resized - 1/2, kept inside the frame. */
static sample_t sample_at(uint32_t index, uint32_t source, uint32_t short_side, uint32_t cropped) {
    const uint32_t resized = (2 * source * MODEL_INPUT_RESIZE + short_side) / (2 * short_side);
    const uint64_t pixel = index + (resized - cropped) / 2;
    const int64_t position = (int64_t)((2 * pixel + 1) * source * (ONE / 2) / resized) - ONE / 2;
    if (position <= 0) {
        return (sample_t){.before = 0, .weight = 0};
    }
    if (position >= (int64_t)(source - 1) * ONE) {
        /* The last pixel, as the neighbour of the one before it: nothing behind the frame is read. */
        return (sample_t){.before = (uint16_t)(source > 1 ? source - 2 : 0), .weight = ONE};
    }
    return (sample_t){.before = (uint16_t)(position >> PREPROCESS_FRACTION_BITS),
                      .weight = (uint16_t)(position & (ONE - 1))};
}

static uint32_t smaller(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

void preprocess_begin(preprocess_t *state, const uint8_t *rgb, uint32_t width, uint32_t height) {
    state->rgb = rgb;
    state->width = width;
    state->height = height;
    for (uint32_t column = 0; column < MODEL_INPUT_WIDTH; column++) {
        state->columns[column] = sample_at(column, width, smaller(width, height), MODEL_INPUT_WIDTH);
    }
}

void preprocess_row(const void *frame, uint32_t row, model_input_element_t *output) {
    const preprocess_t *state = frame;
    const uint32_t width = state->width;
    const sample_t line = sample_at(row, state->height, smaller(width, state->height), MODEL_INPUT_HEIGHT);
    const uint8_t *above = state->rgb + line.before * width * 3;
    const uint8_t *below = above + (state->height > 1 ? width * 3 : 0);
    const uint32_t right = width > 1 ? 3 : 0; /* bytes to the next pixel */
    for (uint32_t column = 0; column < MODEL_INPUT_WIDTH; column++) {
        const sample_t sample = state->columns[column];
        const uint8_t *top = above + sample.before * 3;
        const uint8_t *bottom = below + sample.before * 3;
        /* The weights of the four pixels around the sample; they sum to ONE * ONE. */
        const uint32_t bottom_right = (uint32_t)sample.weight * line.weight;
        const uint32_t bottom_left = (uint32_t)line.weight * ONE - bottom_right;
        const uint32_t top_right = (uint32_t)sample.weight * ONE - bottom_right;
        const uint32_t top_left = ONE * ONE - top_right - bottom_left - bottom_right;
        for (uint32_t channel = 0; channel < 3; channel++, top++, bottom++) {
            const uint32_t sum = ONE * ONE / 2 + top[0] * top_left + top[right] * top_right + bottom[0] * bottom_left +
                                 bottom[right] * bottom_right;
            *output++ = preprocessing_table[channel][sum >> (2 * PREPROCESS_FRACTION_BITS)];
        }
    }
}
