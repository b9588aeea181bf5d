/* The code of depthwise_window.h for results of int8 and of int16, as IS_WIDE says: a channel's whole window in one
 * vector, times its weights in one instruction.
 *
 * A row is made in strips of 16 channels and up to 32 pixels. Interleaving stores turn a strip's input into words: four
 * rows of one column and channel. Four words, which are four columns, hold one window of up to 3 x 4, and the one of
 * the row below it as well; VMLADAV sums all products of a window. Windows of 5 x 5 take two vectors: the second holds
 * the fifth column and the fifth row, whose words are four columns of one row. Any other window takes as many vectors
 * as its words fill, whose places are looked up.
 */
#include "depthwise_window.h"

#include "requantise.h"

#if IS_WIDE
typedef int16_t result_t;
#define NAME(part) helium_depthwise_window##part##_s16
#else
typedef int8_t result_t;
#define NAME(part) helium_depthwise_window##part##_s8
#endif

#define LANES 16 /* channels of a strip */
#define WORD_ROWS HELIUM_DEPTHWISE_WORD_ROWS
#define RESULTS HELIUM_DEPTHWISE_WINDOW_RESULTS
#define BYTES_OF_5X5 HELIUM_DEPTHWISE_BYTES_5X5

typedef enum { NARROW, WIDE, ANY } shape_t; /* of a window: up to 3 x 4, 5 x 5, any other or dilated */

static shape_t shape_of(const helium_window_t *w) {
    if (w->dilation_height > 1 || w->dilation_width > 1) {
        return ANY;
    }
    if (w->kernel_height < WORD_ROWS && w->kernel_width <= 4) {
        return NARROW;
    }
    return w->kernel_height == 5 && w->kernel_width == 5 ? WIDE : ANY;
}

/* Bytes of a channel's weights. */
static int32_t weight_bytes_of(const helium_window_t *w) {
    switch (shape_of(w)) {
    case NARROW:
        return HELIUM_DEPTHWISE_BYTES;
    case WIDE:
        return BYTES_OF_5X5;
    case ANY:
        break;
    }
    return LANES * HELIUM_DEPTHWISE_VECTORS(w->kernel_height, w->kernel_width);
}

#if HELIUM_MVE

#include "depthwise_words.h"

/* The words of a window, as addresses: those of the strip's first pixel and channel, moved by window_offset(). */
typedef struct {
    uint32x4_t first;  /* any window: four times its first */
    uint32x4_t second; /* 5 x 5 only */
} window_t;

/* A gather reaches 127 words in both directions: 8 windows of stride 2 are all in reach from the middle. */
#define MIDDLE (7 * COLUMN_BYTES)

static uint32_t window_offset(int32_t stride) {
    return stride == 1 ? 0 : MIDDLE;
}

static window_t first_window(const strip_t *strip, shape_t shape, uint32_t offset) {
    const uint32_t words = (uint32_t)strip->words + offset, row_words = (uint32_t)strip->row_words + offset;
    const uint32_t fifth = 4 * COLUMN_BYTES;
    if (shape == ANY) {
        return (window_t){vdupq_n_u32(words), vdupq_n_u32(words)};
    }
    return (window_t){{words, words + COLUMN_BYTES, words + 2 * COLUMN_BYTES, words + 3 * COLUMN_BYTES},
                      {words + fifth, row_words, row_words + fifth, row_words + fifth}};
}

/* The four words of one of 8 windows side by side; the compiler knows which. Without writeback: that would make each
 * gather wait for the one before it. */
ALWAYS_INLINE int8x16_t words_of(uint32x4_t addresses, int stride, int pixel) {
#define WORDS_OF(pixel)                                                                                                \
    case pixel:                                                                                                        \
        return vreinterpretq_s8_s32(stride == 1                                                                        \
                                        ? vldrwq_gather_base_s32(addresses, pixel * COLUMN_BYTES)                      \
                                        : vldrwq_gather_base_s32(addresses, pixel * 2 * COLUMN_BYTES - MIDDLE));
    switch (pixel) {
        WORDS_OF(0)
        WORDS_OF(1)
        WORDS_OF(2)
        WORDS_OF(3)
        WORDS_OF(4)
        WORDS_OF(5)
        WORDS_OF(6)
    default:
        WORDS_OF(7)
    }
#undef WORDS_OF
}

/* How a strip is made; the compiler knows all of it. */
typedef struct {
    int stride;
    shape_t shape;
    int rows; /* output rows at a time: 1, or 2 for up to 3 rows of stride 1, as a word has 4 */
    int has_table;
} method_t;

/* The weights of a channel. 3 x 3: `second` is for the next output row. 5 x 5: for the second vector. Any window: they
 * are read from `packed`, and where the words of each vector stand from `offsets`. */
typedef struct {
    int8x16_t first;
    int8x16_t second;
    const int8_t *packed;
    const uint32_t *offsets;
    int32_t vectors;
} weights_t;

ALWAYS_INLINE weights_t weights_of(const int8_t *packed, const uint32_t *offsets, int32_t vectors, method_t method) {
    const int8x16_t first = vldrbq_s8(packed);
    if (method.shape == WIDE) {
        return (weights_t){first, vldrbq_s8(packed + LANES), packed, offsets, vectors};
    }
    const int8x16_t next_row = vreinterpretq_s8_u32(vshlq_n_u32(vreinterpretq_u32_s8(first), 8));
    return (weights_t){first, next_row, packed, offsets, vectors};
}

/* Four sums as four_sums gives them, of a window of any number of vectors. */
ALWAYS_INLINE int32x4_t sums_of_vectors(uint32x4_t window, int pixel, weights_t weights, int stride) {
    int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    const int8_t *packed = weights.packed;
    const uint32_t *offsets = weights.offsets;
    for (int32_t left = weights.vectors; left > 0; left--, packed += LANES, offsets += 4) {
        const uint32x4_t addresses = vaddq_u32(window, vldrwq_u32(offsets));
        const int8x16_t weight = vldrbq_s8(packed);
        s0 = vmladavaq_s8(s0, words_of(addresses, stride, pixel), weight);
        s1 = vmladavaq_s8(s1, words_of(addresses, stride, pixel + 1), weight);
        s2 = vmladavaq_s8(s2, words_of(addresses, stride, pixel + 2), weight);
        s3 = vmladavaq_s8(s3, words_of(addresses, stride, pixel + 3), weight);
    }
    return (int32x4_t){s0, s2, s1, s3};
}

/* Four sums from `pixel` on as {s0, s2, s1, s3}, which takes two instructions: of four pixels, or of two pixels (0 and
 * 1, then 2 and 3) in two rows. */
ALWAYS_INLINE int32x4_t four_sums(const window_t *window, int pixel, weights_t weights, method_t method) {
    if (method.shape == ANY) {
        return sums_of_vectors(window->first, pixel, weights, method.stride);
    }
    int32_t sums[4];
    for (int i = 0; i < 4; i += method.rows, pixel++) {
        const int8x16_t x = words_of(window->first, method.stride, pixel);
        sums[i] = vmladavq_s8(x, weights.first);
        if (method.rows == 2) {
            sums[i + 1] = vmladavq_s8(x, weights.second);
        } else if (method.shape == WIDE) {
            sums[i] = vmladavaq_s8(sums[i], words_of(window->second, method.stride, pixel), weights.second);
        }
    }
    int32x4_t result = {sums[0], sums[2], sums[1], sums[3]};
    if (method.rows == 1) {
        __asm__("" : "+t"(result)); /* here and now: eight sums at a time would need more registers than there are */
    }
    return result;
}

/* Which of 8 sums, in the order they are made, comes out in which lane. */
static const uint16_t SUM_OF_LANE[RESULTS] = {0, 4, 2, 6, 1, 5, 3, 7};

/* What all channels' results have in common. */
typedef struct {
    int32_t zero_point;
    const int8_t *table;
    int32_t minimum;
    int32_t maximum;
} finish_t;

ALWAYS_INLINE int16x8_t finished(int32x4_t even, int32x4_t odd, finish_t finish, method_t method) {
#if IS_WIDE
    (void)method; /* there is no table */
    return helium_narrow_x8(even, odd, finish.zero_point, finish.minimum, finish.maximum);
#else
    const int16x8_t narrow = vqmovntq_s32(vqmovnbq_s32(vdupq_n_s16(0), even), odd);
    const int16x8_t value = vqaddq_n_s16(narrow, (int16_t)finish.zero_point);
    return method.has_table ? helium_table_x8(finish.table, value) : helium_byte_x8(value);
#endif
}

/* The next 8 results of a channel in 16-bit lanes, int8 in their low bytes. */
ALWAYS_INLINE int16x8_t eight_results(const int32_t *constants, finish_t finish, const window_t *window,
                                      weights_t weights, method_t method) {
    const int32_t bias = constants[HELIUM_DEPTHWISE_BIAS], multiplier = constants[HELIUM_DEPTHWISE_MULTIPLIER];
    int32_t shift = constants[HELIUM_DEPTHWISE_SHIFT];
    int32x4_t first = vaddq_n_s32(four_sums(window, 0, weights, method), bias);
    int32x4_t second = vaddq_n_s32(four_sums(window, 4 / method.rows, weights, method), bias);
#if IS_WIDE
    const int32_t left = shift < 0 ? 0 : shift + 1;
    first = vqshlq_r_s32(first, left);
    second = vqshlq_r_s32(second, left);
    shift -= left;
#endif
    first = helium_requantise_n_x4(first, multiplier, shift);
    second = helium_requantise_n_x4(second, multiplier, shift);
    return finished(first, second, finish, method);
}

/* To the results at these offsets, of the lanes that exist. */
ALWAYS_INLINE void store(result_t *output, uint16x8_t offsets, int16x8_t values, mve_pred16_t lanes) {
#if IS_WIDE
    vstrhq_scatter_shifted_offset_p_s16(output, offsets, values, lanes);
#else
    vstrbq_scatter_offset_p_s16(output, offsets, values, lanes);
#endif
}

/* The pixels and channels of a strip that has its words. */
typedef struct {
    window_t window;
    int32_t channel; /* the first */
    int32_t channels;
    int32_t pixels;
    result_t *output;        /* of the first pixel and channel */
    int32_t weight_bytes;    /* any window: of a channel */
    const uint32_t *offsets; /* any window: from the first word to each of its vectors' words */
} part_t;

/* 8 results of every channel. offsets: from the first to each; lanes: those that exist. */
ALWAYS_INLINE void make_block(const helium_depthwise_window_t *layer, const part_t *part, window_t first,
                              uint16x8_t offsets, mve_pred16_t lanes, result_t *output, method_t method) {
    const int32_t weight_bytes = method.shape == ANY    ? part->weight_bytes
                                 : method.shape == WIDE ? BYTES_OF_5X5
                                                        : HELIUM_DEPTHWISE_BYTES;
    const finish_t finish = {layer->zero_point, layer->table, layer->minimum, layer->maximum};
    const int8_t *packed = layer->weights + part->channel * weight_bytes;
    const int32_t *constants = layer->constants + part->channel * HELIUM_DEPTHWISE_CONSTANTS;
    for (int32_t c = part->channels; c > 0; c--) {
        const weights_t weights = weights_of(packed, part->offsets, weight_bytes / LANES, method);
        store(output, offsets, eight_results(constants, finish, &first, weights, method), lanes);
        output++;
        packed += weight_bytes;
        constants += HELIUM_DEPTHWISE_CONSTANTS;
        first.first = vaddq_n_u32(first.first, WORD_ROWS);
        first.second = vaddq_n_u32(first.second, WORD_ROWS);
    }
}

ALWAYS_INLINE void make_part(const helium_depthwise_window_t *layer, const part_t *part, method_t method) {
    const int32_t pixels_at_once = RESULTS / method.rows;
    const uint16x8_t sum = vldrhq_u16(SUM_OF_LANE), pixel = method.rows == 2 ? vshrq_n_u16(sum, 1) : sum;
    uint16x8_t offsets = vmulq_n_u16(pixel, (uint16_t)layer->channels);
    if (method.rows == 2) {
        const uint16x8_t row = vandq_u16(sum, vdupq_n_u16(1));
        offsets = vaddq_u16(offsets, vmulq_n_u16(row, (uint16_t)(layer->output.width * layer->channels)));
    }
    window_t window = part->window;
    result_t *output = part->output;
    for (int32_t pixels = part->pixels; pixels > 0; pixels -= pixels_at_once) {
        uint32_t lanes = vcmphiq_u16(vdupq_n_u16((uint16_t)pixels), pixel);
        __asm__("" : "+r"(lanes)); /* not compared again for every channel */
        make_block(layer, part, window, offsets, (mve_pred16_t)lanes, output, method);
        const uint32_t step = (uint32_t)(pixels_at_once * method.stride * COLUMN_BYTES);
        window.first = vaddq_n_u32(window.first, step);
        window.second = vaddq_n_u32(window.second, step);
        output += pixels_at_once * layer->channels;
    }
}

/* A function for each method: each has the registers for itself. */
typedef void part_function(const helium_depthwise_window_t *layer, const part_t *part);

#define PART_FUNCTION(name, stride, shape, rows)                                                                       \
    static __attribute__((noinline)) void name##_plain(const helium_depthwise_window_t *layer, const part_t *part) {   \
        make_part(layer, part, (method_t){stride, shape, rows, 0});                                                    \
    }                                                                                                                  \
    static __attribute__((noinline)) void name##_table(const helium_depthwise_window_t *layer, const part_t *part) {   \
        make_part(layer, part, (method_t){stride, shape, rows, 1});                                                    \
    }

PART_FUNCTION(narrow_one_row, 1, NARROW, 1)
PART_FUNCTION(narrow_two_rows, 1, NARROW, 2)
PART_FUNCTION(narrow_strided, 2, NARROW, 1)
PART_FUNCTION(wide, 1, WIDE, 1)
PART_FUNCTION(wide_strided, 2, WIDE, 1)
PART_FUNCTION(any, 1, ANY, 1)
PART_FUNCTION(any_strided, 2, ANY, 1)

static part_function *function_for(const helium_depthwise_window_t *layer, shape_t shape, int32_t rows) {
    const int has_table = !IS_WIDE && layer->table != NULL, is_strided = layer->window.stride_height == 2;
    if (shape == ANY) {
        return is_strided ? (has_table ? any_strided_table : any_strided_plain) : (has_table ? any_table : any_plain);
    }
    if (shape == NARROW && !is_strided) {
        return rows == 2 ? (has_table ? narrow_two_rows_table : narrow_two_rows_plain)
                         : (has_table ? narrow_one_row_table : narrow_one_row_plain);
    }
    if (shape == NARROW) {
        return has_table ? narrow_strided_table : narrow_strided_plain;
    }
    return is_strided ? (has_table ? wide_strided_table : wide_strided_plain) : (has_table ? wide_table : wide_plain);
}

/* Makes the words of columns that any window sees: of the next four of its rows behind those of the four before. */
static void make_bands(const helium_depthwise_window_t *layer, const source_t *source, strip_t strip,
                       const int8_t *const input_rows[], int32_t band_bytes, const columns_t *columns) {
    for (int32_t row = 0; row < layer->window.kernel_height; row += WORD_ROWS, strip.words += band_bytes) {
        const int32_t left = layer->window.kernel_height - row, used = left < WORD_ROWS ? left : WORD_ROWS;
        const int8_t *rows[WORD_ROWS] = {NULL, NULL, NULL, NULL};
        for (int32_t k = 0; k < used; k++) {
            rows[k] = input_rows[(row + k) * layer->window.dilation_height];
        }
        make_words(source, &strip, rows, used, columns);
    }
}

/* Where the words of any window stand; those that fill up its last vector are its first word, as their weights are 0.
 */
static void find_words(const helium_window_t *w, int32_t band_bytes, uint32_t *offsets) {
    const int32_t bands = HELIUM_DEPTHWISE_BANDS(w->kernel_height);
    for (int32_t band = 0; band < bands; band++) {
        for (int32_t kx = 0; kx < w->kernel_width; kx++) {
            *offsets++ = (uint32_t)(band * band_bytes + kx * w->dilation_width * COLUMN_BYTES);
        }
    }
    for (int32_t word = bands * w->kernel_width; word % 4 != 0; word++) {
        *offsets++ = 0;
    }
}

/* One or two output rows. input_rows: the rows of both windows; NULL, or zero points, outside the image. */
static void make_rows(const helium_depthwise_window_t *layer, const int8_t *const input_rows[], int32_t rows,
                      result_t *output, uint8_t *scratch) {
    const helium_window_t *const w = &layer->window;
    const shape_t shape = shape_of(w);
    const int32_t at_once = (shape == NARROW ? 4 : 2) * RESULTS / w->stride_height, used = w->kernel_height + rows - 1;
    const int32_t extent = (w->kernel_width - 1) * w->dilation_width + 1;
    const int32_t band_bytes = ((at_once - 1) * w->stride_height + extent) * COLUMN_BYTES;
    uint32_t *const offsets = (uint32_t *)(void *)(scratch + LANES);
    strip_t strip = strip_in((int8_t *)scratch);
    vstrbq_s8(strip.outside, vdupq_n_s8((int8_t)layer->input_zero_point));
    if (shape == ANY) {
        strip.words += LANES * HELIUM_DEPTHWISE_VECTORS(w->kernel_height, w->kernel_width);
        find_words(w, band_bytes, offsets);
    }
    part_function *const make = function_for(layer, shape, rows);
    part_t part = {.window = first_window(&strip, shape, window_offset(w->stride_height)),
                   .weight_bytes = shape == ANY ? weight_bytes_of(w) : 0,
                   .offsets = offsets};
    for (; part.channel < layer->channels; part.channel += LANES) {
        const int32_t left = layer->channels - part.channel;
        part.channels = left < LANES ? left : LANES;
        for (int32_t x = 0; x < layer->output.width; x += at_once) {
            part.pixels = layer->output.width - x < at_once ? layer->output.width - x : at_once;
            part.output = output + x * layer->channels + part.channel;
            const columns_t columns = columns_of(layer->input.width, x * w->stride_height - w->padding_left,
                                                 (part.pixels - 1) * w->stride_height + extent);
            const source_t source = {layer->channels, part.channel, layer->input_zero_point};
            if (shape == ANY) {
                make_bands(layer, &source, strip, input_rows, band_bytes, &columns);
            } else {
                make_words(&source, &strip, input_rows, used, &columns);
            }
            if (shape == WIDE) {
                make_row_words(&source, &strip, input_rows[WORD_ROWS], &columns);
            }
            make(layer, &part);
        }
    }
}

/* Two rows at a time share their words; their results must be within reach of 16-bit offsets. */
static int32_t rows_at_once(const helium_depthwise_window_t *layer) {
    const int is_near = (layer->output.width + RESULTS) * layer->channels <= UINT16_MAX;
    return shape_of(&layer->window) == NARROW && layer->window.stride_height == 1 && is_near ? 2 : 1;
}

#else

static int8_t weight_of(const helium_depthwise_window_t *layer, int32_t channel, int32_t ky, int32_t kx) {
    const int8_t *const packed = layer->weights + channel * weight_bytes_of(&layer->window);
    if (ky >= WORD_ROWS && shape_of(&layer->window) == WIDE) {
        return packed[5 * WORD_ROWS + kx];
    }
    const int32_t word = ky / WORD_ROWS * layer->window.kernel_width + kx;
    return packed[word * WORD_ROWS + ky % WORD_ROWS];
}

#if HELIUM_HOST_VECTORS

#include "depthwise_window_lanes.h"

#else

static result_t finished(const helium_depthwise_window_t *layer, const int32_t *constants, int32_t sum) {
    const int32_t multiplier = constants[HELIUM_DEPTHWISE_MULTIPLIER], shift = constants[HELIUM_DEPTHWISE_SHIFT];
#if IS_WIDE
    return (int16_t)helium_clamp(helium_requantise(sum, multiplier, shift), layer->minimum, layer->maximum);
#else
    const int8_t result = helium_requantise_s8(sum, multiplier, shift, layer->zero_point, INT8_MIN, INT8_MAX);
    return layer->table != NULL ? layer->table[(uint8_t)result] : result;
#endif
}

static result_t result_of(const helium_depthwise_window_t *layer, const int8_t *const rows[], int32_t column,
                          int32_t channel) {
    const int32_t *constants = layer->constants + channel * HELIUM_DEPTHWISE_CONSTANTS;
    int32_t sum = constants[HELIUM_DEPTHWISE_BIAS];
    for (int32_t ky = 0; ky < layer->window.kernel_height; ky++) {
        for (int32_t kx = 0; kx < layer->window.kernel_width; kx++) {
            const int8_t *const row = rows[ky * layer->window.dilation_height];
            const int32_t x = column + kx * layer->window.dilation_width;
            const int inside = row != NULL && x >= 0 && x < layer->input.width;
            sum += weight_of(layer, channel, ky, kx) *
                   (inside ? row[x * layer->channels + channel] : layer->input_zero_point);
        }
    }
    return finished(layer, constants, sum);
}

static void make_rows(const helium_depthwise_window_t *layer, const int8_t *const rows[], int32_t count,
                      result_t *output, uint8_t *scratch) {
    (void)count; /* always 1 */
    (void)scratch;
    for (int32_t x = 0; x < layer->output.width; x++) {
        const int32_t column = x * layer->window.stride_height - layer->window.padding_left;
        for (int32_t channel = 0; channel < layer->channels; channel++) {
            *output++ = result_of(layer, rows, column, channel);
        }
    }
}

#endif

static int32_t rows_at_once(const helium_depthwise_window_t *layer) {
    (void)layer;
    return 1;
}

#endif

void NAME(_row)(const helium_depthwise_window_t *layer, const int8_t *const rows[], result_t *output,
                uint8_t *scratch) {
    make_rows(layer, rows, 1, output, scratch);
}

void NAME(_rows)(const helium_depthwise_window_t *layer, const int8_t *const rows[], int32_t count, result_t *output,
                 uint8_t *scratch) {
    while (count > 0) {
        const int32_t made = count > 1 ? rows_at_once(layer) : 1;
        make_rows(layer, rows, made, output, scratch);
        rows += made * layer->window.stride_height;
        output += made * layer->output.width * layer->channels;
        count -= made;
    }
}

void NAME()(const helium_depthwise_window_t *layer, const int8_t *input, result_t *output, uint8_t *scratch) {
    const int8_t *rows[HELIUM_DEPTHWISE_WINDOW_ROWS];
    int32_t made;
    for (int32_t y = 0; y < layer->output.height; y += made) {
        made = y + 1 < layer->output.height ? rows_at_once(layer) : 1;
        const int32_t top = y * layer->window.stride_height - layer->window.padding_top;
        for (int32_t k = 0; k < helium_window_rows(&layer->window) + made - 1; k++) {
            const int is_inside = top + k >= 0 && top + k < layer->input.height;
            rows[k] = is_inside ? input + (top + k) * layer->input.width * layer->channels : NULL;
        }
        make_rows(layer, rows, made, output, scratch);
        output += made * layer->output.width * layer->channels;
    }
}
