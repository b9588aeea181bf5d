/* Elementwise multiplication of int8 tensors. */
#ifndef HELIUM_ELEMENTWISE_MULTIPLY_S8_H
#define HELIUM_ELEMENTWISE_MULTIPLY_S8_H

#include "broadcast.h"

/* accumulator = (first - first_zero_point) * (second - second_zero_point), requantised with one scale. */
typedef struct {
    int32_t first_zero_point;
    int32_t second_zero_point;
    int32_t left_shift; /* of the product, saturating: exponent + 1 (with shift = -1), or 0 */
    int32_t multiplier;
    int32_t shift; /* -1 ... -31 */
    int32_t zero_point;
    int32_t minimum;
    int32_t maximum;
} helium_elementwise_multiply_t;

/* The products of broadcast.h's pairs. output may be first. */
void helium_elementwise_multiply_s8(const helium_elementwise_multiply_t *m, const helium_broadcast_t *broadcast,
                                    const int8_t *first, const int8_t *second, int8_t *output);

#endif
