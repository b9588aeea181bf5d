/* The vector half of gemm_s8.c: up to 3 pixels by 4 channels at a time. */
#ifndef HOST_GEMM_LANES_H
#define HOST_GEMM_LANES_H

#include "gemm_s8.h"
#include "vector.h"

#define FOUR HELIUM_GEMM_CHANNELS_MULTIPLE

_Static_assert(HELIUM_GEMM_BLOCK == DOT_VALUES, "a block of weights is one vector");

/* Adds one block of four channels: two pairs, whose weights are `pair_bytes` apart. */
ALWAYS_INLINE void add_block(dot_t sums[][FOUR], const values_t x[], int32_t pixels, const int8_t *weights,
                             int32_t pair_bytes) {
    for (int32_t c = 0; c < FOUR; c++) {
        const values_t w = load_values(weights + c / 2 * pair_bytes + c % 2 * DOT_VALUES);
        for (int32_t p = 0; p < pixels; p++) {
            sums[p][c] = add_products(sums[p][c], w, x[p]);
        }
    }
}

/* The compiler knows how many pixels. */
ALWAYS_INLINE void gemm_pixels(const int8_t *const pixel[], int32_t pixels, const helium_gemm_t *m) {
    const int32_t rest = m->depth % DOT_VALUES, full = m->depth - rest;
    values_t tail[HELIUM_GEMM_PIXELS];
    for (int32_t p = 0; p < pixels; p++) {
        tail[p] = load_some_values(pixel[p] + full, rest);
    }
    const int8_t *weights = m->weights;
    for (int32_t pair = 0; pair < m->pairs; pair += 2, weights += 2 * m->pair_bytes) {
        dot_t sums[HELIUM_GEMM_PIXELS][FOUR];
        for (int32_t i = 0; i < pixels * FOUR; i++) {
            sums[i / FOUR][i % FOUR] = no_products();
        }
        for (int32_t at = 0; at < full; at += DOT_VALUES) {
            values_t x[HELIUM_GEMM_PIXELS];
            for (int32_t p = 0; p < pixels; p++) {
                x[p] = load_values(pixel[p] + at);
            }
            add_block(sums, x, pixels, weights + 2 * at, m->pair_bytes);
        }
        if (rest > 0) {
            add_block(sums, tail, pixels, weights + 2 * full, m->pair_bytes);
        }
        for (int32_t p = 0; p < pixels; p++) {
            const dot_t *own = sums[p];
            store_sums(m->accumulators + p * HELIUM_GEMM_CHANNELS + 2 * pair, own[0], own[1], own[2], own[3]);
        }
    }
}

static void gemm_one(const int8_t *pixel0, const int8_t *pixel1, const int8_t *pixel2, const helium_gemm_t *m) {
    (void)pixel1;
    (void)pixel2;
    gemm_pixels(&pixel0, 1, m);
}

static void gemm_three(const int8_t *pixel0, const int8_t *pixel1, const int8_t *pixel2, const helium_gemm_t *m) {
    const int8_t *const pixel[] = {pixel0, pixel1, pixel2};
    gemm_pixels(pixel, HELIUM_GEMM_PIXELS, m);
}

#endif
