/* Products of int8 matrices inside tensors, requantised with one scale. */
#ifndef HELIUM_PRODUCT_S8_H
#define HELIUM_PRODUCT_S8_H

#include "product.h"

/* accumulator = sum((first - first_zero_point) * (second - second_zero_point)) */
typedef struct {
    helium_product_t geometry;
    int32_t first_zero_point;
    int32_t second_zero_point;
    int32_t left_shift; /* of the sum, saturating: exponent + 1 (with shift = -1), or 0 */
    int32_t multiplier;
    int32_t shift; /* -1 ... -31 */
    int32_t zero_point;
} helium_product_s8_t;

/* A row of an operand, whole vectors of it. */
#define HELIUM_PRODUCT_DEPTH(depth) (((depth) + 15) / 16 * 16)

/* The second operand of one head, each of its rows in whole vectors, and what that row adds to every sum; a row of the
 * first. */
#define HELIUM_PRODUCT_SCRATCH(columns, depth)                                                                         \
    ((((columns) + 3) / 4 * 4) * (HELIUM_PRODUCT_DEPTH(depth) + 4) + HELIUM_PRODUCT_DEPTH(depth))

/* scratch: HELIUM_PRODUCT_SCRATCH(columns, depth) bytes, 16-byte aligned. */
void helium_product_s8(const helium_product_s8_t *product, const int8_t *first, const int8_t *second, int8_t *output,
                       uint8_t *scratch);

#endif
