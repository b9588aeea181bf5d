/* int8 softmax over the channels of every pixel: of scores, over a row of them. */
#ifndef HELIUM_SOFTMAX_S8_H
#define HELIUM_SOFTMAX_S8_H

#include "helium.h"

/* IntegerSoftmax of the layer graph. */
typedef struct {
    const uint32_t *table; /* by the distance from the largest, 0 ... 255: the exponential; sums of `channels` entries
                              stay below 2^31 */
    int32_t channels;
    int32_t multiplier;
    int32_t shift; /* -1 ... -31 */
    int32_t zero_point;
} helium_softmax_t;

/* output may be input. */
void helium_softmax_s8(const helium_softmax_t *softmax, const int8_t *input, int8_t *output, int32_t pixels);

#endif
