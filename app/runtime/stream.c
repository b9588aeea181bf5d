#include "stream.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* A row's place; of a rolling tensor also that of a row above or below the image. */
static uint8_t *row_of(const stream_tensor_t *tensor, int32_t row) {
    const int32_t slot = row % tensor->rows;
    return tensor->data + (slot < 0 ? slot + tensor->rows : slot) * tensor->row_bytes;
}

/* How many rows the layer makes next: fewer than usual at the end. */
static int32_t next_rows(const stream_segment_t *s, const stream_layer_t *layer, int32_t row) {
    const int32_t left = s->tensors[layer->output].height - row;
    return left < layer->rows_at_once ? left : layer->rows_at_once;
}

/* Whether the layer has rows left to make and all that the next ones read is there. made: rows of each tensor so far.
 */
static bool is_ready(const stream_segment_t *s, const stream_layer_t *layer, const int16_t made[]) {
    const int32_t row = made[layer->output], count = next_rows(s, layer, row);
    const int32_t input_height = s->tensors[layer->input].height;
    const int32_t behind = (row + count - 1) * layer->stride - layer->padding + layer->kernel; /* behind the windows */
    bool ready = count > 0 && made[layer->input] >= (behind < input_height ? behind : input_height);
    for (int32_t i = 0; i < layer->other_count; i++) {
        ready = ready && made[s->others[layer->others + i]] >= row + count;
    }
    return ready;
}

/* The row of zero points that stands for a row outside the image. In a rolling buffer it takes the place of a row that
 * is not there yet or no longer needed; a whole tensor has no such place, so all its outside rows are one. */
static uint8_t *outside_row(const stream_segment_t *s, const stream_layer_t *layer, int32_t row) {
    const stream_tensor_t *input = &s->tensors[layer->input];
    const bool is_whole = input->available != 0;
    uint8_t *zeros = is_whole ? s->outside : row_of(input, row);
    memset(zeros, layer->outside_value, (size_t)input->row_bytes);
    return zeros;
}

static void make_rows(const stream_segment_t *s, const stream_layer_t *layer, int32_t row, int32_t count) {
    const stream_tensor_t *input = &s->tensors[layer->input];
    const void *rows[STREAM_KERNEL_ROW_LIMIT];
    for (int32_t k = 0; k < layer->kernel + (layer->rows_at_once - 1) * layer->stride; k++) {
        if (k >= layer->kernel + (count - 1) * layer->stride) { /* fewer rows than usual: any that can be read */
            rows[k] = rows[0];
            continue;
        }
        const int32_t y = row * layer->stride - layer->padding + k;
        const bool is_inside = y >= 0 && y < input->height;
        rows[k] = is_inside ? row_of(input, y) : outside_row(s, layer, y);
    }
    const void *others[STREAM_OTHERS_LIMIT];
    for (int32_t i = 0; i < layer->other_count; i++) {
        others[i] = row_of(&s->tensors[s->others[layer->others + i]], row);
    }
    layer->make_rows(rows, others, count, row_of(&s->tensors[layer->output], row), s->scratch);
    model_layer_done(layer->number);
}

void stream_run(const stream_segment_t *s, const model_rows_t *input) {
    int16_t made[STREAM_TENSOR_LIMIT];
    for (int32_t t = 0; t < s->tensor_count; t++) {
        made[t] = (int16_t)s->tensors[t].available;
    }
    const int32_t last = s->layer_count - 1, result = s->layers[last].output;
    int32_t i = last; /* no layer behind this one is ready */
    while (made[result] < s->tensors[result].height) {
        if (i < 0) { /* no layer is ready at all: they wait for the next row of the input */
            const stream_tensor_t *image = &s->tensors[s->input];
            const int32_t row = made[s->input]++;
            input->make_row(input->context, (uint32_t)row, (model_input_element_t *)(void *)row_of(image, row));
            model_layer_done(MODEL_INPUT_ROW);
            i = last;
        } else if (is_ready(s, &s->layers[i], made)) {
            const stream_layer_t *layer = &s->layers[i];
            const int32_t row = made[layer->output], count = next_rows(s, layer, row);
            make_rows(s, layer, row, count);
            made[layer->output] = (int16_t)(row + count);
            i = layer->deepest_reader;
        } else {
            i--;
        }
    }
}
