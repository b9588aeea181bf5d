/* From a camera frame to the model's input, in integers: the exact twin of paddle_cortexm/data/preprocessing.py.
 *
 * The short side is resized to MODEL_INPUT_RESIZE pixels (bilinear, half-pixel centres), the centre is cropped to
 * MODEL_INPUT_HEIGHT x MODEL_INPUT_WIDTH, and a table normalises (and, for int8 models, quantises). Output rows are
 * made one at a time straight from the frame: the resized image never exists. */
#ifndef PREPROCESS_H
#define PREPROCESS_H

#include <stdint.h>

#include "model.h"

/* preprocessing_table.c, made by stage 3, asserts that Python has the same values. */
#define PREPROCESS_MAXIMUM_SIDE 1024 /* pixels, of a frame */
#define PREPROCESS_FRACTION_BITS 11  /* of positions and weights */

/* Between which two pixels of a frame's row (or rows of a frame) a sample lies. */
typedef struct {
    uint16_t before; /* the next one is before + 1, or before itself where the side has only one pixel */
    uint16_t weight; /* of the next one: 0 ... 1 << PREPROCESS_FRACTION_BITS */
} sample_t;

/* What the rows of one frame share. */
typedef struct {
    const uint8_t *rgb; /* height x width x 3 */
    uint32_t width, height;
    sample_t columns[MODEL_INPUT_WIDTH];
} preprocess_t;

/* What each value of each channel becomes; made by stage 3. */
extern const model_input_element_t preprocessing_table[3][256];

/* Prepare to read rows of a frame of 1 ... PREPROCESS_MAXIMUM_SIDE pixels a side. */
void preprocess_begin(preprocess_t *state, const uint8_t *rgb, uint32_t width, uint32_t height);

/* One row of the model's input (from 0): MODEL_INPUT_WIDTH x 3 elements. frame: a preprocess_t; this is the make_row of
 * a model_rows_t. */
void preprocess_row(const void *frame, uint32_t row, model_input_element_t *output);

#endif
