/* Some rows and columns of an image, every one or every n-th; for elements of any type. */
#ifndef HELIUM_CROP_H
#define HELIUM_CROP_H

#include "helium.h"

/* first and step: in rows and columns of the input; height and width: of the result. */
typedef struct {
    int32_t first_row;
    int32_t row_step;
    int32_t row_bytes; /* of the input */
    int32_t first_column;
    int32_t column_step;
    int32_t pixel_bytes;
    int32_t height;
    int32_t width;
} helium_crop_t;

/* The whole image. */
void helium_crop(const helium_crop_t *crop, const void *input, void *output);

/* One row of the result from its row of the input. */
void helium_crop_row(const helium_crop_t *crop, const void *row, void *output);

#endif
