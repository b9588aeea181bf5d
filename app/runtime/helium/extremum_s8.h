/* The larger or the smaller of two int8 tensors, element by element. */
#ifndef HELIUM_EXTREMUM_S8_H
#define HELIUM_EXTREMUM_S8_H

#include "broadcast.h"

/* Both operands are brought to the output's grid, then compared (IntegerExtremum of the layer graph). Their left
 * shifts are HELIUM_ADDEND_SHIFT. */
typedef struct {
    helium_addend_t first;
    helium_addend_t second;
    int32_t zero_point;
} helium_extremum_t;

/* Of each of broadcast.h's pairs the larger, or the smaller. output may be first. */
void helium_maximum_s8(const helium_extremum_t *extremum, const helium_broadcast_t *broadcast, const int8_t *first,
                       const int8_t *second, int8_t *output);
void helium_minimum_s8(const helium_extremum_t *extremum, const helium_broadcast_t *broadcast, const int8_t *first,
                       const int8_t *second, int8_t *output);

#endif
