/* Elementwise addition of two int16 tensors of one shape. */
#ifndef HELIUM_ADD_S16_H
#define HELIUM_ADD_S16_H

#include "helium.h"

/* output[i] = first[i] + second[i] as helium_add_t says, with left shifts of HELIUM_ADDEND_SHIFT_S16 and zero points 0.
 * output may be first or second. */
void helium_add_s16(const helium_add_t *add, const int16_t *first, const int16_t *second, int16_t *output,
                    int32_t count);

#endif
