/* int8 depthwise convolution, channel multiplier 1, of any kernel, stride, padding and dilation. */
#ifndef HELIUM_DEPTHWISE_S8_H
#define HELIUM_DEPTHWISE_S8_H

#include "add_s8.h" /* what may be called behind it */
#include "helium.h"

#define HELIUM_DEPTHWISE_ROWS 32 /* the most, from a window's first to its last */

/* One layer. A group is 16 channels (HELIUM_GROUP), the last one filled up with zeros. */
typedef struct {
    int32_t channels;
    helium_size_t input;
    helium_size_t output;
    helium_window_t window;
    int32_t input_zero_point;
    const int8_t *weights; /* group, tap (column by column), 16 channels; -127 ... 127 */
    const int32_t *bias;   /* minus input zero point times the sum of the weights; in narrowing order */
    helium_requantise_t requantise;
    const int8_t *table; /* as in helium_epilogue_t, or NULL */
} helium_depthwise_t;

/* One output row, output_width x channels. rows: the input rows of its window from the first to the last, input_width x
 * channels each; those outside the image are rows of input zero points, or NULL. scratch: 16 * kernel_height bytes for
 * each of the columns that its windows see (HELIUM_CONV2D_COLUMNS), 16-byte aligned. */
void helium_depthwise_row_s8(const helium_depthwise_t *layer, const int8_t *const rows[], int8_t *output,
                             uint8_t *scratch);

/* The whole layer, HWC to HWC. scratch: as for a row. */
void helium_depthwise_s8(const helium_depthwise_t *layer, const int8_t *input, int8_t *output, uint8_t *scratch);

#endif
