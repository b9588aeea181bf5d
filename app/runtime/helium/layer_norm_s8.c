#include "layer_norm_s8.h"

#include <math.h>

#include "requantise.h"

/* What all channels of a pixel have in common. */
typedef struct {
    int32_t total;   /* of the values */
    int32_t inverse; /* half of 2^63 / sqrt(spread << places) */
    int32_t shift;   /* from a product with it to a normalised value; positive: left */
} pixel_t;

/* The largest integer whose square is at most `value`, which is 2^62 or more: a float's root, one step of Newton's,
 * which leaves it off by one at most, and that one. */
static uint32_t root_of(uint64_t value) {
    const float estimate = sqrtf((float)(uint32_t)(value >> 32)) * 65536.0f;
    uint64_t root = estimate < 4294967296.0f ? (uint32_t)estimate : UINT32_MAX;
    root = (root + value / root) / 2;
    root = root > UINT32_MAX ? UINT32_MAX : root;
    while (root * root > value) {
        root--;
    }
    while (root < UINT32_MAX && (root + 1) * (root + 1) <= value) {
        root++;
    }
    return (uint32_t)root;
}

static pixel_t pixel_of(const helium_layer_norm_t *n, int32_t total, int32_t squares) {
    const uint64_t spread = (uint64_t)((int64_t)n->channels * squares - (int64_t)total * total + n->epsilon);
    const int32_t places = __builtin_clzll(spread) & ~1;
    const uint64_t inverse = (1ull << 63) / root_of(spread << places);
    return (pixel_t){total, (int32_t)((inverse > UINT32_MAX ? UINT32_MAX : (uint32_t)inverse) >> 1),
                     places / 2 - 6 - n->room};
}

#if HELIUM_MVE

static void one_pixel(const helium_layer_norm_t *n, const int8_t *input, int8_t *output) {
    int32_t total = 0, squares = 0;
    for (int32_t c = 0; c < n->channels; c += 16) {
        const int8x16_t x = vldrbq_z_s8(input + c, vctp8q((uint32_t)(n->channels - c)));
        total = vaddvaq_s8(total, x);
        squares = vmladavaq_s8(squares, x, x);
    }
    const pixel_t pixel = pixel_of(n, total, squares);
    const int32x4_t inverse = vdupq_n_s32(pixel.inverse);
    const int32x4_t low = vdupq_n_s32(INT8_MIN), high = vdupq_n_s32(INT8_MAX);
    for (int32_t c = 0; c < n->channels; c += 4) {
        const mve_pred16_t active = vctp32q((uint32_t)(n->channels - c));
        const int32x4_t centred = vsubq_n_s32(vmulq_n_s32(vldrbq_z_s32(input + c, active), n->channels), pixel.total);
        const int32x4_t product = vmulhq_s32(vshlq_r_s32(centred, n->room), inverse);
        const int32x4_t normal = vrshlq_n_s32(product, pixel.shift);
        const int32x4_t scaled =
            helium_requantise_x4(normal, vldrwq_z_s32(n->multiplier + c, active), vldrwq_z_s32(n->shift + c, active));
        const int32x4_t steps = vrshrq_n_s32(vqaddq_s32(scaled, vldrwq_z_s32(n->offset + c, active)), 8);
        vstrbq_p_s32(output + c, vminq_s32(vmaxq_s32(vaddq_n_s32(steps, n->zero_point), low), high), active);
    }
}

#else

/* value * 2^shift, rounded half up. */
static int32_t shifted(int32_t value, int32_t shift) {
    const int64_t wide = value;
    return (int32_t)(shift >= 0 ? wide * (1ll << shift) : (wide + (1ll << (-shift - 1))) >> -shift);
}

static void one_pixel(const helium_layer_norm_t *n, const int8_t *input, int8_t *output) {
    int32_t total = 0, squares = 0;
    for (int32_t c = 0; c < n->channels; c++) {
        total += input[c];
        squares += input[c] * input[c];
    }
    const pixel_t pixel = pixel_of(n, total, squares);
    for (int32_t c = 0; c < n->channels; c++) {
        const int64_t centred = (n->channels * input[c] - total) * (1 << n->room);
        const int32_t normal = shifted((int32_t)((centred * pixel.inverse) >> 32), pixel.shift);
        const int64_t steps = (int64_t)helium_requantise(normal, n->multiplier[c], n->shift[c]) + n->offset[c];
        const int32_t rounded = (int32_t)((steps + 128) >> 8);
        output[c] = (int8_t)helium_clamp(rounded + n->zero_point, INT8_MIN, INT8_MAX);
    }
}

#endif

void helium_layer_norm_s8(const helium_layer_norm_t *norm, const int8_t *input, int8_t *output, int32_t pixels) {
    const helium_layer_norm_t own = *norm; /* a copy stays in registers: the output might overwrite the original */
    for (int32_t i = 0; i < pixels; i++, input += own.channels, output += own.channels) {
        one_pixel(&own, input, output);
    }
}
