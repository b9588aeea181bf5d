/* Elementwise division of int8 tensors. */
#ifndef HELIUM_DIVIDE_S8_H
#define HELIUM_DIVIDE_S8_H

#include "broadcast.h"

/* Fractional bits of a reciprocal. */
#define HELIUM_RECIPROCAL_BITS 14

/* n, d -> floor((n - numerator_zero_point) * reciprocal of d / 2^14 + 1/2) + zero_point, clamped (IntegerDivide of the
 * layer graph). */
typedef struct {
    const int32_t *reciprocals; /* 256, at most 2^22 in size, indexed by the denominator as uint8_t */
    int32_t numerator_zero_point;
    int32_t zero_point;
} helium_divide_t;

/* The quotients of broadcast.h's pairs: first / second. output may be first. */
void helium_divide_s8(const helium_divide_t *divide, const helium_broadcast_t *broadcast, const int8_t *first,
                      const int8_t *second, int8_t *output);

/* second / first. */
void helium_divide_exchanged_s8(const helium_divide_t *divide, const helium_broadcast_t *broadcast, const int8_t *first,
                                const int8_t *second, int8_t *output);

#endif
