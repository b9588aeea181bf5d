/* PReLU of int8: a leaky relu with a slope for each channel. */
#ifndef HELIUM_PRELU_S8_H
#define HELIUM_PRELU_S8_H

#include "helium.h"

/* Left shift of the input less its zero point, which has 9 bits. */
#define HELIUM_PRELU_SHIFT 20

/* accumulator = (x - input_zero_point) << HELIUM_PRELU_SHIFT; requantised by `multiplier` and `shift` where it is not
 * negative, else by the channel's entry of the arrays, which stand in channel order. Shifts: -31 ... -1. */
typedef struct {
    const int32_t *below_multiplier; /* negative where the slope is */
    const int32_t *below_shift;
    int32_t channels;
    int32_t input_zero_point;
    int32_t multiplier;
    int32_t shift;
    int32_t zero_point;
} helium_prelu_t;

/* output may be input. */
void helium_prelu_s8(const helium_prelu_t *p, const int8_t *input, int8_t *output, int32_t pixels);

#endif
