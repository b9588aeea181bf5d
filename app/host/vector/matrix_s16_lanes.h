/* The vector code of matrix_s16.c: from accumulators to int16, a group of 8 channels at a time. */
#ifndef HOST_MATRIX_S16_LANES_H
#define HOST_MATRIX_S16_LANES_H

#include "matrix_group_lanes.h"

static void finish(const helium_matrix_chunk_t *chunk, int32_t pixels, int16_t *output) {
    const helium_matrix_s8_t own = *chunk->matrix; /* a copy stays in registers: outputs might overwrite the original */
    const int32_t *constants = chunk->constants;
    for (int32_t c = 0; c < chunk->channels; c += VECTOR_LANES, constants += group_size(&own)) {
        const group_t group = load_group(&own, constants);
        for (int32_t p = 0; p < pixels; p++) {
            int16_t halves[VECTOR_LANES];
            const int32_t *accumulators = chunk->gemm.accumulators + p * ACCUMULATORS + c;
            store_halves(halves, scaled_group(&own, &group, accumulators), own.minimum, own.maximum);
            copy_some_halves(output + p * own.channels + c, halves, chunk->channels - c);
        }
    }
}

#endif
