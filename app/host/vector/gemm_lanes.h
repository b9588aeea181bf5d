/* The vector code of gemm_s8.c: up to 3 pixels by 4 channels at a time. The compiler knows how many pixels. */
#ifndef HOST_GEMM_LANES_H
#define HOST_GEMM_LANES_H

#include "gemm_s8.h"
#include "vector.h"

_Static_assert(HELIUM_GEMM_BLOCK == DOT_VALUES, "a block of weights is one vector");
_Static_assert(HELIUM_GEMM_CHANNELS_MULTIPLE == 4, "two pairs are made at a time");

/* Adds the products of one pair of channels. Six sums at a time stay in registers: with more, the compiler does not
 * keep them there. */
ALWAYS_INLINE void add_pair(dot_t sums[][2], const values_t *const x[], int32_t pixels, int32_t blocks,
                            const int8_t *weights) {
    for (int32_t block = 0; block < blocks; block++, weights += 2 * DOT_VALUES) {
        const values_t even = load_values(weights), odd = load_values(weights + DOT_VALUES);
        for (int32_t p = 0; p < pixels; p++) {
            sums[p][0] = add_products(sums[p][0], even, x[p][block]);
            sums[p][1] = add_products(sums[p][1], odd, x[p][block]);
        }
    }
}

/* Four channels of up to 3 pixels; weights: of their two pairs. */
ALWAYS_INLINE void gemm_four(const values_t *const x[], int32_t pixels, const helium_gemm_t *m, int32_t blocks,
                             const int8_t *weights, int32_t *accumulators) {
    dot_t first[HELIUM_GEMM_PIXELS][2], second[HELIUM_GEMM_PIXELS][2];
    for (int32_t p = 0; p < pixels; p++) {
        first[p][0] = first[p][1] = second[p][0] = second[p][1] = no_products();
    }
    add_pair(first, x, pixels, blocks, weights);
    add_pair(second, x, pixels, blocks, weights + m->pair_bytes);
    for (int32_t p = 0; p < pixels; p++) {
        store_sums(accumulators + p * HELIUM_GEMM_CHANNELS, first[p][0], first[p][1], second[p][0], second[p][1]);
    }
}

/* A pixel's values, filled up with zeros to whole blocks. */
ALWAYS_INLINE void load_pixel(const int8_t *pixel, int32_t depth, values_t x[]) {
    const int32_t rest = depth % DOT_VALUES, full = depth / DOT_VALUES;
    for (int32_t block = 0; block < full; block++) {
        x[block] = load_values(pixel + block * DOT_VALUES);
    }
    if (rest > 0) {
        x[full] = load_some_values(pixel + full * DOT_VALUES, rest);
    }
}

ALWAYS_INLINE void gemm_pixels(const int8_t *const pixel[], int32_t pixels, const helium_gemm_t *m) {
    const int32_t blocks = (m->depth + DOT_VALUES - 1) / DOT_VALUES;
    values_t values[HELIUM_GEMM_PIXELS * blocks];
    const values_t *x[HELIUM_GEMM_PIXELS];
    for (int32_t p = 0; p < pixels; p++) {
        x[p] = values + p * blocks;
        load_pixel(pixel[p], m->depth, values + p * blocks);
    }
    for (int32_t pair = 0; pair < m->pairs; pair += 2) {
        gemm_four(x, pixels, m, blocks, m->weights + pair * m->pair_bytes, m->accumulators + 2 * pair);
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
