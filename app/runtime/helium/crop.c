#include "crop.h"

#include <string.h>

void helium_crop_row(const helium_crop_t *crop, const void *row, void *output) {
    const size_t pixel = (size_t)crop->pixel_bytes;
    const uint8_t *source = (const uint8_t *)row + crop->first_column * crop->pixel_bytes;
    uint8_t *place = output;
    if (crop->column_step == 1) {
        memcpy(place, source, (size_t)crop->width * pixel);
        return;
    }
    for (int32_t x = 0; x < crop->width; x++) {
        memcpy(place, source, pixel);
        source += crop->column_step * crop->pixel_bytes;
        place += pixel;
    }
}

void helium_crop(const helium_crop_t *crop, const void *input, void *output) {
    const uint8_t *row = (const uint8_t *)input + crop->first_row * crop->row_bytes;
    uint8_t *place = output;
    for (int32_t y = 0; y < crop->height; y++) {
        helium_crop_row(crop, row, place);
        row += crop->row_step * crop->row_bytes;
        place += crop->width * crop->pixel_bytes;
    }
}
