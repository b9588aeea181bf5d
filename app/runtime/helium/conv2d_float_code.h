/* The code of conv2d_float.h for both precisions. The input under a few output pixels is copied to a strip, as in
 * conv2d_s8.c: column by column, of each its kernel rows. */
#include "float_matrix.h"

#include <string.h>

void HELIUM_FLOAT(helium_pointwise)(const helium_float_matrix_t *m, const helium_float_t *input, helium_float_t *output,
                                    int32_t pixels, const helium_float_t *residual) {
    const pixels_t source = {input, m->depth, pixels};
    multiply(m, m->channels, &source, output, residual);
}

/* Part of a row of input: `elements` channels of each column. */
typedef struct {
    const helium_float_t *at; /* of column 0 */
    int32_t step;             /* to the next column */
    int32_t elements;
    int32_t width; /* columns */
} row_t;

/* `count` pieces, `from_step` and `to_step` elements apart. */
static inline void copy_pieces(helium_float_t *to, int32_t to_step, const helium_float_t *from, int32_t from_step,
                               int32_t elements, int32_t count) {
    for (int32_t at = 0; at < elements; at += HELIUM_FLOAT_LANES) {
        const helium_float_t *source = from + at;
        helium_float_t *target = to + at;
        for (int32_t i = count; i > 0; i--, source += from_step, target += to_step) {
            vector_store_first(target, vector_load_first(source, elements - at), elements - at);
        }
    }
}

static void clear_pieces(helium_float_t *to, int32_t step, int32_t elements, int32_t count) {
    for (int32_t at = 0; at < elements; at += HELIUM_FLOAT_LANES) {
        helium_float_t *target = to + at;
        for (int32_t i = count; i > 0; i--, target += step) {
            vector_store_first(target, vector_of(0), elements - at);
        }
    }
}

/* How many of `count` columns, `step` apart from `first` on, lie in front of `end`. */
static int32_t columns_before(int32_t end, int32_t first, int32_t step, int32_t count) {
    const int32_t before = end <= first ? 0 : step == 1 ? end - first : (end - first + step - 1) / step;
    return before < count ? before : count;
}

/* Copies `count` columns, `step` apart from `first` on, to places `to_step` apart; zeros outside the image. */
static void copy_columns(const row_t *row, int32_t first, int32_t step, int32_t count, helium_float_t *to,
                         int32_t to_step) {
    const int32_t left = columns_before(0, first, step, count);
    const int32_t end = columns_before(row->width, first, step, count);
    clear_pieces(to, to_step, row->elements, left);
    if (left < end) {
        copy_pieces(to + left * to_step, to_step, row->at + (first + left * step) * row->step, step * row->step,
                    row->elements, end - left);
    }
    clear_pieces(to + end * to_step, to_step, row->elements, count - end);
}

/* The values under `count` output pixels from x on, of the input channels from `channel` on. */
static pixels_t pixels_under(const helium_float_conv2d_t *c, const helium_float_t *const rows[], int32_t channel,
                             int32_t x, int32_t count, helium_float_t *strip) {
    const helium_window_t *w = &c->window;
    const int32_t elements = c->input_channels / c->packs;
    if (c->pixels_at_once == 0) {
        return (pixels_t){rows[0] + channel, w->stride_width * c->input_channels, count};
    }
    const int is_shared = HELIUM_CONV2D_IS_SHARED(w->kernel_width, w->stride_width, w->dilation_width);
    const int32_t step = (is_shared ? w->stride_width : w->kernel_width) * c->column;
    const int32_t runs = is_shared ? 1 : count;
    const int32_t columns = is_shared ? (count - 1) * w->stride_width + w->kernel_width : w->kernel_width;
    const int32_t used = w->kernel_height * elements;
    clear_pieces(strip + used, c->column, c->column - used, c->column > used ? runs * columns : 0);
    for (int32_t ky = 0; ky < w->kernel_height; ky++) {
        const row_t row = {rows[ky * w->dilation_height] + channel, c->input_channels, elements, c->input.width};
        for (int32_t run = 0; run < runs; run++) {
            copy_columns(&row, (x + run) * w->stride_width - w->padding_left, w->dilation_width, columns,
                         strip + run * step + ky * elements, c->column);
        }
    }
    return (pixels_t){strip, step, count};
}

void HELIUM_FLOAT(helium_conv2d_row)(const helium_float_conv2d_t *c, const helium_float_t *const rows[],
                                     helium_float_t *output_row, uint8_t *scratch, const helium_float_t *residual_row) {
    const int32_t inputs = c->input_channels / c->packs, outputs = c->matrix.channels / c->packs;
    const int32_t whole_vectors = (outputs + HELIUM_FLOAT_LANES - 1) / HELIUM_FLOAT_LANES * HELIUM_FLOAT_LANES;
    const int32_t at_once = c->pixels_at_once > 0 ? c->pixels_at_once : c->output.width;
    helium_float_matrix_t pack = c->matrix;
    for (int32_t number = 0; number < c->packs; number++) {
        for (int32_t x = 0; x < c->output.width; x += at_once) {
            const int32_t left = c->output.width - x, count = left < at_once ? left : at_once;
            const int32_t at = x * c->matrix.channels + number * outputs;
            const pixels_t source = pixels_under(c, rows, number * inputs, x, count, (helium_float_t *)(void *)scratch);
            multiply(&pack, outputs, &source, output_row + at, residual_row != NULL ? residual_row + at : NULL);
        }
        pack.weights += whole_vectors * pack.depth;
        pack.bias += whole_vectors;
    }
}

void HELIUM_FLOAT(helium_conv2d)(const helium_float_conv2d_t *c, const helium_float_t *input, helium_float_t *output,
                                 uint8_t *scratch, const helium_float_t *residual) {
    const int32_t input_row = c->input.width * c->input_channels;
    const int32_t output_row = c->output.width * c->matrix.channels;
    helium_float_t *const outside = (helium_float_t *)(void *)scratch + helium_float_strip(c);
    memset(outside, 0, (size_t)input_row * sizeof *outside);
    for (int32_t y = 0; y < c->output.height; y++) {
        const helium_float_t *rows[HELIUM_CONV2D_FLOAT_ROWS];
        for (int32_t k = 0; k < helium_window_rows(&c->window); k++) {
            const int32_t input_y = y * c->window.stride_height - c->window.padding_top + k;
            rows[k] = input_y >= 0 && input_y < c->input.height ? input + input_y * input_row : outside;
        }
        HELIUM_FLOAT(helium_conv2d_row)(c, rows, output + y * output_row, scratch,
                                        residual != NULL ? residual + y * output_row : NULL);
    }
}
