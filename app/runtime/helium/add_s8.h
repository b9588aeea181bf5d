/* Elementwise addition of two int8 tensors of one shape. */
#ifndef HELIUM_ADD_S8_H
#define HELIUM_ADD_S8_H

#include "helium.h"

/* output[i] = first[i] + second[i] as helium_add_t says. output may be first or second. */
void helium_add_s8(const helium_add_t *add, const int8_t *first, const int8_t *second, int8_t *output, int32_t count);

#endif
