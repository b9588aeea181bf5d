/* How the second operand of an elementwise kernel goes with the first. */
#ifndef HELIUM_BROADCAST_H
#define HELIUM_BROADCAST_H

#include "helium.h"

/* output[r * count + i] = first[r * count + i] with second[r * step + (is_one ? 0 : i)], for r < repeats, i < count:
 *
 *     one shape           count: all, repeats 1, step 0
 *     a value a channel   count: channels, repeats: pixels, step 0
 *     a value a pixel     count: channels, repeats: pixels, step 1, is_one
 *     a scalar            count: all, repeats 1, step 0, is_one */
typedef struct {
    int32_t count;
    int32_t repeats;
    int32_t step;
    int32_t is_one;
} helium_broadcast_t;

#endif
