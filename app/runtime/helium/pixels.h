/* Chosen pixels in any order, as where patches become tokens; for elements of any type. */
#ifndef HELIUM_PIXELS_H
#define HELIUM_PIXELS_H

#include "helium.h"

/* output: `count` pixels, the one of the input that `chosen` names each. */
void helium_pixels(const int32_t *chosen, int32_t count, int32_t pixel_bytes, const void *input, void *output);

#endif
