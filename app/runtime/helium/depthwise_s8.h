/* int8 depthwise convolution, channel multiplier 1, of any kernel, stride and padding. */
#ifndef HELIUM_DEPTHWISE_S8_H
#define HELIUM_DEPTHWISE_S8_H

#include "helium.h"

#define HELIUM_DEPTHWISE_ROWS 16 /* the tallest kernel */

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

/* Columns of the input, padding included, that the windows of a row see. */
#define HELIUM_DEPTHWISE_STRIP_WIDTH(layer)                                                                            \
    (((layer)->output.width - 1) * (layer)->window.stride_width + (layer)->window.kernel_width)

/* One output row, output_width x channels. rows: the kernel_height input rows of its window, input_width x channels
 * each; those outside the image are rows of input zero points, or NULL. scratch: 16 * kernel_height * strip width
 * bytes, 16-byte aligned. */
void helium_depthwise_row_s8(const helium_depthwise_t *layer, const int8_t *const rows[], int8_t *output,
                             uint8_t *scratch);

/* The whole layer, HWC to HWC. scratch: as for a row. */
void helium_depthwise_s8(const helium_depthwise_t *layer, const int8_t *input, int8_t *output, uint8_t *scratch);

#endif
