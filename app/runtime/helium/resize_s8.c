#include "resize_s8.h"

#define RESIZE_SHIFT 14 /* of two weights together */

/* One pixel of each corner, and the weights of the lower and the right ones. */
typedef struct {
    const int8_t *upper_left;
    const int8_t *upper_right;
    const int8_t *lower_left;
    const int8_t *lower_right;
    int16_t row_weight;
    int16_t column_weight;
} corners_t;

#if HELIUM_MVE

/* 8 channels: between two rows, 128 * 128 at most. */
static inline int16x8_t between(const int8_t *upper, const int8_t *lower, int16_t weight, mve_pred16_t active) {
    const int16x8_t part = vmulq_n_s16(vldrbq_z_s16(upper, active), (int16_t)(HELIUM_RESIZE_ONE - weight));
    return vmlaq_n_s16(part, vldrbq_z_s16(lower, active), weight);
}

static void mix(const corners_t *c, int32_t channels, int8_t *output) {
    const int16x8_t right_weight = vdupq_n_s16(c->column_weight);
    const int16x8_t left_weight = vdupq_n_s16((int16_t)(HELIUM_RESIZE_ONE - c->column_weight));
    for (int32_t i = 0; i < channels; i += 8) {
        const mve_pred16_t active = vctp16q((uint32_t)(channels - i));
        const int16x8_t left = between(c->upper_left + i, c->lower_left + i, c->row_weight, active);
        const int16x8_t right = between(c->upper_right + i, c->lower_right + i, c->row_weight, active);
        const int32x4_t even = vaddq_s32(vmullbq_int_s16(left, left_weight), vmullbq_int_s16(right, right_weight));
        const int32x4_t odd = vaddq_s32(vmulltq_int_s16(left, left_weight), vmulltq_int_s16(right, right_weight));
        const int16x8_t mixed = vrshrntq_n_s32(vrshrnbq_n_s32(vdupq_n_s16(0), even, RESIZE_SHIFT), odd, RESIZE_SHIFT);
        vstrbq_p_s16(output + i, mixed, active);
    }
}

#else

static void mix(const corners_t *c, int32_t channels, int8_t *output) {
    const int32_t lower = c->row_weight, upper = HELIUM_RESIZE_ONE - lower;
    const int32_t right = c->column_weight, left = HELIUM_RESIZE_ONE - right;
    for (int32_t i = 0; i < channels; i++) {
        const int32_t total = (c->upper_left[i] * upper + c->lower_left[i] * lower) * left +
                              (c->upper_right[i] * upper + c->lower_right[i] * lower) * right;
        output[i] = (int8_t)((total + (1 << (RESIZE_SHIFT - 1))) >> RESIZE_SHIFT);
    }
}

#endif

void helium_resize_s8(const helium_resize_t *resize, const int16_t *row_weights, const int16_t *column_weights,
                      const int8_t *input, int8_t *output) {
    const int32_t channels = resize->channels, row = resize->input_width * channels;
    for (int32_t y = 0; y < resize->output.height; y++) {
        const int8_t *upper = input + resize->rows[2 * y] * row, *lower = input + resize->rows[2 * y + 1] * row;
        for (int32_t x = 0; x < resize->output.width; x++, output += channels) {
            const int32_t left = resize->columns[2 * x] * channels, right = resize->columns[2 * x + 1] * channels;
            const corners_t corners = {upper + left,  upper + right,  lower + left,
                                       lower + right, row_weights[y], column_weights[x]};
            mix(&corners, channels, output);
        }
    }
}
