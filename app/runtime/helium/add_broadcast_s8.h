/* Elementwise addition of two int8 tensors, the second broadcast. */
#ifndef HELIUM_ADD_BROADCAST_S8_H
#define HELIUM_ADD_BROADCAST_S8_H

#include "broadcast.h"

/* The sums of broadcast.h's pairs, as helium_add_t says. output may be first. */
void helium_add_broadcast_s8(const helium_add_t *add, const helium_broadcast_t *broadcast, const int8_t *first,
                             const int8_t *second, int8_t *output);

#endif
