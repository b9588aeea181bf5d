/* Sums of products of a few pixels with a run of channels: what all kernels with a weight matrix spend their time in.
 *
 * 3 pixels by 2 vectors of channels (or 6 by 1) at a time: 6 sums in registers, so that 2 loads of weights and 3
 * scalars of activations feed 6 multiplications. */
#ifndef HELIUM_FLOAT_PRODUCTS_H
#define HELIUM_FLOAT_PRODUCTS_H

#include "float_vector.h"

#define SUMS 6

/* Where pixels stand: what row r of the window covers of pixel p begins at rows[r] + first + p * step and is `depth`
 * elements long. A 1x1 convolution is a window of one row. */
typedef struct {
    const helium_float_t *const *rows;
    int32_t row_count;
    int32_t depth;
    int32_t first;
    int32_t step;
} pixels_t;

/* sums[p * vectors + v] += products of pixel p and vector v, for one row of the window; returns the weights behind it.
 * The compiler knows `pixels` and `vectors`. */
SPECIALISED const helium_float_t *add_products(vector_t sums[SUMS], const helium_float_t *pixel, int32_t step,
                                               int32_t depth, const helium_float_t *weights, int pixels, int vectors) {
    for (int32_t k = 0; k < depth; k++) {
        for (int v = 0; v < vectors; v++) {
            const vector_t weight = vector_load(weights + v * HELIUM_FLOAT_LANES);
            for (int p = 0; p < pixels; p++) {
                sums[p * vectors + v] = vector_fma_n(weight, pixel[p * step + k], sums[p * vectors + v]);
            }
        }
        weights += vectors * HELIUM_FLOAT_LANES;
    }
    return weights;
}

#endif
