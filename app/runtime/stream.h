/* A run of layers computed row by row, so that the tensors between them never exist whole.
 *
 * Each tensor inside has a buffer of a few rows: row y stands at y modulo that number. Of all layers whose input rows
 * are there, the deepest one makes its next row, or its next few where that is faster; how many rows each buffer needs
 * for that, the compiler has found out by running the same schedule (paddle_cortexm/compiler/arena/rows.py). No row is
 * made twice. */
#ifndef STREAM_H
#define STREAM_H

#include <stdint.h>

#include "model.h"

#define STREAM_TENSOR_LIMIT 128    /* tensors of a segment */
#define STREAM_KERNEL_ROW_LIMIT 32 /* rows of a window */
#define STREAM_OTHERS_LIMIT 15     /* inputs of a layer besides the first */
#define STREAM_NONE (-1)

typedef struct {
    uint8_t *data;
    int32_t row_bytes;
    int32_t height;
    int32_t rows;      /* of the buffer: `height` for a tensor that is whole */
    int32_t available; /* rows that are there before the segment begins: `height` for what earlier layers made, or 0 */
} stream_tensor_t;

/* Makes `count` rows. rows: the input rows of all their windows, readable; others: the first of the same rows of each
 * further input. The compiler sees to it that rows made at once stand one behind the other. */
typedef void stream_row_function(const void *const rows[], const void *const others[], int32_t count, void *output,
                                 uint8_t *scratch);

typedef struct {
    stream_row_function *make_rows;
    int16_t number; /* of the layer in the model, from 0 */
    int16_t input;  /* tensors, by their place in the segment's table */
    int16_t others; /* the further inputs: the first one's place in the segment's list */
    int16_t other_count;
    int16_t output;
    int16_t kernel; /* output row y reads the `kernel` input rows from y * stride - padding on */
    int16_t stride;
    int16_t padding;
    int16_t rows_at_once;
    int16_t deepest_reader; /* the last layer of the segment that reads the output, by its place in the table */
    int16_t outside_value;  /* of every byte of a row above or below the image: the input's zero point */
} stream_layer_t;

typedef struct {
    const stream_tensor_t *tensors;
    const stream_layer_t *layers;
    const int16_t *others; /* further inputs of layers, or NULL */
    int32_t layer_count;
    int32_t tensor_count;
    int32_t input;    /* the tensor whose rows are made by the caller's function, or STREAM_NONE */
    uint8_t *scratch; /* for the row functions */
    uint8_t *outside; /* one row, for windows that leave a whole tensor, or NULL */
} stream_segment_t;

/* Compute all rows of the last layer's output. input: what makes the rows of the model's input, or NULL. */
void stream_run(const stream_segment_t *segment, const model_rows_t *input);

#endif
