/* Depthwise convolution of int8, channel multiplier 1, stride 1 or 2, any window and dilation; quickest where the
 * window is at most 3 high and 4 wide, or 5 x 5. Its results are int8, or int16 with zero point 0. */
#ifndef HELIUM_DEPTHWISE_WINDOW_H
#define HELIUM_DEPTHWISE_WINDOW_H

#include "add_s8.h" /* what may be called behind it */
#include "helium.h"

#define HELIUM_DEPTHWISE_WINDOW_ROWS 32   /* the most, from a window's first to its last */
#define HELIUM_DEPTHWISE_WORD_ROWS 4      /* rows of a column that stand together */
#define HELIUM_DEPTHWISE_WINDOW_RESULTS 8 /* that are made at once */
#define HELIUM_DEPTHWISE_BYTES 16         /* packed weights of a channel; of 5 x 5: */
#define HELIUM_DEPTHWISE_BYTES_5X5 32
/* Bytes a row needs as scratch: a vector of zero points and the words of 36 columns; for 5 x 5 those of 20 columns,
 * twice, and 24 columns of a row. */
#define HELIUM_DEPTHWISE_WINDOW_SCRATCH (16 + 36 * 64)
#define HELIUM_DEPTHWISE_WINDOW_SCRATCH_5X5 (16 + 2 * 20 * 64 + 24 * 16)

/* Any other window: its words are the columns of its first four rows, of the next four, and so on. Four fill a vector.
 */
#define HELIUM_DEPTHWISE_BANDS(height) (((height) + HELIUM_DEPTHWISE_WORD_ROWS - 1) / HELIUM_DEPTHWISE_WORD_ROWS)
#define HELIUM_DEPTHWISE_VECTORS(height, width) ((HELIUM_DEPTHWISE_BANDS(height) * (width) + 3) / 4)
/* Its scratch: a vector of zero points, where each word stands, and the words of the columns that 16 pixels of stride 1
 * or 8 of stride 2 see. */
#define HELIUM_DEPTHWISE_PIXELS_ANY(stride) (2 * HELIUM_DEPTHWISE_WINDOW_RESULTS / (stride))
#define HELIUM_DEPTHWISE_WINDOW_SCRATCH_ANY(height, width, stride, dilation)                                           \
    (16 + 16 * HELIUM_DEPTHWISE_VECTORS(height, width) +                                                               \
     HELIUM_DEPTHWISE_BANDS(height) * 64 *                                                                             \
         ((HELIUM_DEPTHWISE_PIXELS_ANY(stride) - 1) * (stride) + ((width) - 1) * (dilation) + 1))

/* Values of a channel in `constants`. */
enum {
    HELIUM_DEPTHWISE_BIAS,       /* minus input zero point times the sum of the weights */
    HELIUM_DEPTHWISE_MULTIPLIER, /* 2^30 ... 2^31 - 1, or 0 */
    HELIUM_DEPTHWISE_SHIFT,      /* -1 ... -31; for int16 results up to 30 */
    HELIUM_DEPTHWISE_CONSTANTS   /* how many */
};

/* One layer.
 *
 * weights: 16 bytes a channel, byte 4 * column + row, zero where the window has no such row or column. For 5 x 5 there
 * are 32 bytes: rows 0 ... 3 of columns 0 ... 4 in that order, then columns 0 ... 4 of row 4, then zeros. For any
 * other window, and for any that is dilated, there are 16 for each of its vectors: word by word, zeros at the end. */
typedef struct {
    int32_t channels;
    helium_size_t input;
    helium_size_t output;
    helium_window_t window; /* stride_height = stride_width: 1 or 2 */
    int32_t input_zero_point;
    const int8_t *weights;
    const int32_t *constants;
    int32_t zero_point;
    const int8_t *table; /* int8: as in helium_epilogue_t, with the clamp in it; NULL where there is neither */
    int32_t minimum;     /* int16: the clamp */
    int32_t maximum;
} helium_depthwise_window_t;

/* One output row, output_width x channels. rows: the input rows of its window from the first to the last, input_width x
 * channels each; those outside the image are NULL, or rows of zero points. */
void helium_depthwise_window_row_s8(const helium_depthwise_window_t *layer, const int8_t *const rows[], int8_t *output,
                                    uint8_t *scratch);
void helium_depthwise_window_row_s16(const helium_depthwise_window_t *layer, const int8_t *const rows[],
                                     int16_t *output, uint8_t *scratch);

/* `count` output rows, one behind the other. rows: those of all their windows, from the first's first on. */
void helium_depthwise_window_rows_s8(const helium_depthwise_window_t *layer, const int8_t *const rows[], int32_t count,
                                     int8_t *output, uint8_t *scratch);
void helium_depthwise_window_rows_s16(const helium_depthwise_window_t *layer, const int8_t *const rows[], int32_t count,
                                      int16_t *output, uint8_t *scratch);

/* The whole layer, HWC to HWC; scratch as for a row. */
void helium_depthwise_window_s8(const helium_depthwise_window_t *layer, const int8_t *input, int8_t *output,
                                uint8_t *scratch);
void helium_depthwise_window_s16(const helium_depthwise_window_t *layer, const int8_t *input, int16_t *output,
                                 uint8_t *scratch);

#endif
