/* Elementwise arithmetic and activation of floats. */
#ifndef HELIUM_ELEMENTWISE_FLOAT_H
#define HELIUM_ELEMENTWISE_FLOAT_H

#include "broadcast.h"
#include "float_type.h"

/* The results of broadcast.h's pairs: activation(first + second), and so on; of the exchanged ones
 * activation(second - first) and activation(second / first). output may be first. */
#define HELIUM_ELEMENTWISE(name)                                                                                       \
    void HELIUM_FLOAT(name)(const helium_activation_t *activation, const helium_broadcast_t *broadcast,                \
                            const helium_float_t *first, const helium_float_t *second, helium_float_t *output)

HELIUM_ELEMENTWISE(helium_add);
HELIUM_ELEMENTWISE(helium_subtract);
HELIUM_ELEMENTWISE(helium_subtract_exchanged);
HELIUM_ELEMENTWISE(helium_multiply);
HELIUM_ELEMENTWISE(helium_divide);
HELIUM_ELEMENTWISE(helium_divide_exchanged);
HELIUM_ELEMENTWISE(helium_maximum);
HELIUM_ELEMENTWISE(helium_minimum);

/* output[i] = activation(input[i]). output may be input. */
void HELIUM_FLOAT(helium_activate)(const helium_activation_t *activation, const helium_float_t *input,
                                   helium_float_t *output, int32_t count);

#endif
