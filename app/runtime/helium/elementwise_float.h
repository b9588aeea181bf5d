/* Elementwise addition, multiplication and activation of floats. */
#ifndef HELIUM_ELEMENTWISE_FLOAT_H
#define HELIUM_ELEMENTWISE_FLOAT_H

#include "float_type.h"

/* output[i] = activation(first[i] + second[i]). output may be first or second. */
void HELIUM_FLOAT(helium_add)(const helium_activation_t *activation, const helium_float_t *first,
                              const helium_float_t *second, helium_float_t *output, int32_t count);

/* output[r][i] = first[r][i] * second[i] for i < count, r < repeats: the second factor is the same in each repeat.
 * output may be first. */
void HELIUM_FLOAT(helium_multiply)(const helium_float_t *first, const helium_float_t *second, helium_float_t *output,
                                   int32_t count, int32_t repeats);

/* output[i] = activation(input[i]). output may be input. */
void HELIUM_FLOAT(helium_activate)(const helium_activation_t *activation, const helium_float_t *input,
                                   helium_float_t *output, int32_t count);

#endif
