/* The input under a few output pixels is copied to a strip: column by column, of each its kernel rows. There the values
 * under an output pixel stand together, and what neighbouring windows share is there once. */
#include "conv2d_s8.h"

#include "patch_s8.h"

/* Part of a row of input: `bytes` channels of each column. */
typedef struct {
    const int8_t *at; /* of column 0 */
    int32_t step;     /* to the next column */
    int32_t bytes;
    int32_t width; /* columns */
    int32_t zero_point;
} source_t;

/* `count` pieces of `bytes` bytes, `from_step` and `to_step` apart. */
static inline void copy_pieces(int8_t *to, int32_t to_step, const int8_t *from, int32_t from_step, int32_t bytes,
                               int32_t count) {
#if HELIUM_MVE
    for (int32_t at = 0; at < bytes; at += 16) {
        const mve_pred16_t lanes = vctp8q((uint32_t)(bytes - at));
        const int8_t *source = from + at;
        int8_t *target = to + at;
        for (int32_t i = count; i > 0; i--, source += from_step, target += to_step) {
            vstrbq_p_s8(target, vldrbq_z_s8(source, lanes), lanes);
        }
    }
#else
    for (; count > 0; count--, from += from_step, to += to_step) {
        memcpy(to, from, (size_t)bytes);
    }
#endif
}

static void fill_pieces(int8_t *to, int32_t step, const source_t *source, int32_t count) {
    for (; count > 0; count--, to += step) {
        helium_fill_s8(to, source->zero_point, source->bytes);
    }
}

/* How many of `count` columns, `step` apart from `first` on, lie in front of `end`. */
static int32_t columns_before(int32_t end, int32_t first, int32_t step, int32_t count) {
    const int32_t before = end <= first ? 0 : step == 1 ? end - first : (end - first + step - 1) / step;
    return before < count ? before : count;
}

/* Copies `count` columns, `step` apart from `first` on, to places `to_step` apart. */
static void copy_columns(const source_t *source, int32_t first, int32_t step, int32_t count, int8_t *to,
                         int32_t to_step) {
    const int32_t left = columns_before(0, first, step, count);
    const int32_t end = columns_before(source->width, first, step, count);
    fill_pieces(to, to_step, source, left);
    if (left < end) {
        copy_pieces(to + left * to_step, to_step, source->at + (first + left * step) * source->step,
                    step * source->step, source->bytes, end - left);
    }
    fill_pieces(to + end * to_step, to_step, source, count - end);
}

/* Where the values under output pixels stand: those of the next pixel `step` bytes behind. */
typedef struct {
    const int8_t *first;
    int32_t step;
} pixels_t;

/* Those of `count` output pixels from x on, of the input channels from `channel` on. */
static pixels_t pixels_under(const helium_conv2d_s8_t *c, const int8_t *const rows[], int32_t channel, int32_t x,
                             int32_t count, int8_t *strip) {
    const helium_window_t *w = &c->window;
    const int32_t bytes = c->input_channels / c->packs, column_bytes = w->kernel_height * bytes;
    if (c->pixels_at_once == 0) {
        return (pixels_t){rows[0] + channel, w->stride_width * c->input_channels};
    }
    const int is_shared = HELIUM_CONV2D_IS_SHARED(w->kernel_width, w->stride_width, w->dilation_width);
    const int32_t step = (is_shared ? w->stride_width : w->kernel_width) * column_bytes;
    const int32_t runs = is_shared ? 1 : count;
    const int32_t columns = is_shared ? (count - 1) * w->stride_width + w->kernel_width : w->kernel_width;
    for (int32_t ky = 0; ky < w->kernel_height; ky++) {
        const source_t source = {rows[ky * w->dilation_height] + channel, c->input_channels, bytes, c->input.width,
                                 c->input_zero_point};
        for (int32_t run = 0; run < runs; run++) {
            copy_columns(&source, (x + run) * w->stride_width - w->padding_left, w->dilation_width, columns,
                         strip + run * step + ky * bytes, column_bytes);
        }
    }
    return (pixels_t){strip, step};
}

void helium_conv2d_row_s8(const helium_conv2d_s8_t *c, const int8_t *const rows[], int8_t *output_row, uint8_t *scratch,
                          const int8_t *residual_row) {
    const int32_t inputs = c->input_channels / c->packs, outputs = c->matrix.channels / c->packs;
    const int32_t at_once = c->pixels_at_once > 0 ? c->pixels_at_once : c->output.width;
    int8_t *const strip = (int8_t *)scratch + helium_matrix_scratch(&c->matrix);
    helium_matrix_s8_t pack = c->matrix;
    for (int32_t number = 0; number < c->packs; number++) {
        for (int32_t x = 0; x < c->output.width; x += at_once) {
            const int32_t left = c->output.width - x, count = left < at_once ? left : at_once;
            const int32_t at = x * c->matrix.channels + number * outputs;
            const pixels_t pixels = pixels_under(c, rows, number * inputs, x, count, strip);
            for (int32_t first = 0; first < outputs; first += HELIUM_GEMM_CHANNELS) {
                helium_matrix_chunk_t chunk;
                helium_matrix_part(&pack, outputs, first, scratch, &chunk);
                helium_matrix_run(&chunk, pixels.first, pixels.step, count, output_row + at,
                                  residual_row != NULL ? residual_row + at : NULL);
            }
        }
        pack.weights += helium_matrix_weights(&pack, outputs);
        pack.constants += helium_matrix_constants(&pack, outputs);
    }
}

void helium_conv2d_by_rows_s8(const helium_conv2d_s8_t *c, helium_conv2d_row_function *row, const int8_t *input,
                              int8_t *output, uint8_t *scratch, uint8_t *outside, const int8_t *residual) {
    const int32_t input_row = c->input.width * c->input_channels;
    const int32_t output_row = c->output.width * c->matrix.channels;
    helium_fill_s8((int8_t *)outside, c->input_zero_point, input_row);
    for (int32_t y = 0; y < c->output.height; y++) {
        const int8_t *rows[HELIUM_CONV2D_ROWS];
        for (int32_t k = 0; k < helium_window_rows(&c->window); k++) {
            const int32_t input_y = y * c->window.stride_height - c->window.padding_top + k;
            const int is_inside = input_y >= 0 && input_y < c->input.height;
            rows[k] = is_inside ? input + input_y * input_row : (const int8_t *)outside;
        }
        row(c, rows, output + y * output_row, scratch, residual != NULL ? residual + y * output_row : NULL);
    }
}

void helium_conv2d_s8(const helium_conv2d_s8_t *c, const int8_t *input, int8_t *output, uint8_t *scratch,
                      const int8_t *residual) {
    helium_conv2d_by_rows_s8(c, helium_conv2d_row_s8, input, output, scratch, scratch + helium_conv2d_row_scratch(c),
                             residual);
}
