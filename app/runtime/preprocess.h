/* From a camera frame to the model's input, in integers: the exact twin of paddle_cortexm/data/preprocessing.py.
 *
 * The frame is resized (bilinear, half-pixel centres) to what MODEL_INPUT_FIT makes of the box, its centre becomes the
 * input, the pad colour around it where it is smaller; the channels are put into the model's order or become grey, and
 * a table normalises (and, for int8 models, quantises). Rows of the input are made one at a time straight from the
 * frame: the resized image never exists. */
#ifndef PREPROCESS_H
#define PREPROCESS_H

#include <stdint.h>

#include "model.h"

/* preprocessing_table.c, made by stage 3, asserts that Python has the same values. */
#define PREPROCESS_MAXIMUM_SIDE 1024 /* pixels, of a frame */
#define PREPROCESS_FRACTION_BITS 11  /* of positions and weights */

/* MODEL_INPUT_FIT: the frame covers the box of MODEL_INPUT_BOX_HEIGHT x MODEL_INPUT_BOX_WIDTH and keeps its shape; is
 * stretched to it; lies inside it and keeps its shape. */
enum { FIT_CROP, FIT_STRETCH, FIT_PAD };
/* MODEL_INPUT_PLACE, of what is smaller than the input: in the middle, or left (or at the top). */
enum { PLACE_CENTRE, PLACE_START };
/* MODEL_INPUT_COLOUR: the order of the channels, or one of luma. */
enum { COLOUR_RGB, COLOUR_BGR, COLOUR_GREY };

/* Between which two pixels of a frame's row (or rows of a frame) a sample lies. */
typedef struct {
    uint16_t before; /* the next one is before + 1, or before itself where the side has only one pixel */
    uint16_t weight; /* of the next one: 0 ... 1 << PREPROCESS_FRACTION_BITS */
} sample_t;

/* How one side of a frame becomes one of the input. */
typedef struct {
    uint32_t source;  /* pixels of the frame */
    uint32_t resized; /* pixels it is resized to */
    uint32_t cut;     /* of these, how many are left out at the beginning */
    uint32_t begin;   /* the first pixel of the input that shows the frame */
    uint32_t end;     /* the one after the last */
} side_t;

/* What the rows of one frame share. */
typedef struct {
    const uint8_t *rgb; /* height x width x 3 */
    side_t height, width;
    sample_t columns[MODEL_INPUT_WIDTH]; /* those from width.begin to width.end */
} preprocess_t;

/* What each value of each channel becomes, and the pad colour (red, green, blue); made by stage 3. */
extern const model_input_element_t preprocessing_table[MODEL_INPUT_CHANNELS][256];
extern const uint8_t preprocessing_pad_colour[3];

/* Prepare to read rows of a frame of 1 ... PREPROCESS_MAXIMUM_SIDE pixels a side. */
void preprocess_begin(preprocess_t *state, const uint8_t *rgb, uint32_t width, uint32_t height);

/* One row of the model's input (from 0): MODEL_INPUT_WIDTH x MODEL_INPUT_CHANNELS elements. frame: a preprocess_t; this
 * is the make_row of a model_rows_t. */
void preprocess_row(const void *frame, uint32_t row, model_input_element_t *output);

#endif
