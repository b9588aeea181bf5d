#include "pixels.h"

#include <string.h>

void helium_pixels(const int32_t *chosen, int32_t count, int32_t pixel_bytes, const void *input, void *output) {
    uint8_t *place = output;
    for (int32_t i = 0; i < count; i++, place += pixel_bytes) {
        memcpy(place, (const uint8_t *)input + chosen[i] * pixel_bytes, (size_t)pixel_bytes);
    }
}
