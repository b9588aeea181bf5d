/* The vector code of gemm_s16.c: up to 3 pixels by 4 channels at a time. The compiler knows how many pixels. */
#ifndef HOST_GEMM_S16_LANES_H
#define HOST_GEMM_S16_LANES_H

#include "gemm_s16.h"
#include "vector.h"

_Static_assert(HELIUM_GEMM_S16_BLOCK == WIDE_VALUES, "a pair's block of weights is one vector");
_Static_assert(HELIUM_GEMM_CHANNELS_MULTIPLE == 4, "two pairs are made at a time");

/* Four channels of up to 3 pixels; weights: of their two pairs, one behind the other. */
ALWAYS_INLINE void gemm_wide_four(const wide_t *const x[], int32_t pixels, int32_t blocks, const int8_t *weights,
                                  int32_t *accumulators) {
    const int8_t *const second = weights + blocks * DOT_VALUES;
    pair_dot_t sums[HELIUM_GEMM_PIXELS][2];
    for (int32_t p = 0; p < pixels; p++) {
        sums[p][0] = sums[p][1] = no_pair_products();
    }
    for (int32_t block = 0; block < blocks; block++) {
        const values_t w0 = load_values(weights + block * DOT_VALUES), w1 = load_values(second + block * DOT_VALUES);
        for (int32_t p = 0; p < pixels; p++) {
            sums[p][0] = add_pair_products(sums[p][0], w0, x[p][block]);
            sums[p][1] = add_pair_products(sums[p][1], w1, x[p][block]);
        }
    }
    for (int32_t p = 0; p < pixels; p++) {
        store_pairs(accumulators + p * HELIUM_GEMM_CHANNELS, sums[p][0], sums[p][1]);
    }
}

/* A pixel's values, filled up with zeros to whole blocks. */
ALWAYS_INLINE void load_wide_pixel(const int16_t *pixel, int32_t depth, wide_t x[]) {
    const int32_t rest = depth % WIDE_VALUES, full = depth / WIDE_VALUES;
    for (int32_t block = 0; block < full; block++) {
        x[block] = load_wide(pixel + block * WIDE_VALUES);
    }
    if (rest > 0) {
        int16_t padded[WIDE_VALUES] = {0};
        memcpy(padded, pixel + full * WIDE_VALUES, (size_t)rest * sizeof *pixel);
        x[full] = load_wide(padded);
    }
}

ALWAYS_INLINE void gemm_wide_pixels(const int8_t *const pixel[], int32_t pixels, const helium_gemm_t *m) {
    const int32_t blocks = (m->depth + WIDE_VALUES - 1) / WIDE_VALUES;
    wide_t values[HELIUM_GEMM_PIXELS * blocks];
    const wide_t *x[HELIUM_GEMM_PIXELS];
    for (int32_t p = 0; p < pixels; p++) {
        x[p] = values + p * blocks;
        load_wide_pixel((const int16_t *)(const void *)pixel[p], m->depth, values + p * blocks);
    }
    for (int32_t pair = 0; pair < m->pairs; pair += 2) {
        gemm_wide_four(x, pixels, blocks, m->weights + pair * blocks * DOT_VALUES, m->accumulators + 2 * pair);
    }
}

static void gemm_one(const int8_t *pixel0, const int8_t *pixel1, const int8_t *pixel2, const helium_gemm_t *m) {
    (void)pixel1;
    (void)pixel2;
    gemm_wide_pixels(&pixel0, 1, m);
}

static void gemm_three(const int8_t *pixel0, const int8_t *pixel1, const int8_t *pixel2, const helium_gemm_t *m) {
    const int8_t *const pixel[] = {pixel0, pixel1, pixel2};
    gemm_wide_pixels(pixel, HELIUM_GEMM_PIXELS, m);
}

#endif
