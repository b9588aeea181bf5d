/* The vector code of matrix_s8.c: from accumulators to int8, a group of 8 channels at a time. */
#ifndef HOST_MATRIX_LANES_H
#define HOST_MATRIX_LANES_H

#include "add_lanes.h"
#include "matrix_group_lanes.h"

/* The first `count` of a group's results, or all 8, for one pixel. */
ALWAYS_INLINE void finish_group(const helium_matrix_s8_t *m, const group_t *g, const int32_t *accumulators,
                                int8_t *output, const int8_t *residual, int32_t count) {
    int8_t bytes[VECTOR_LANES];
    store_bytes(bytes, scaled_group(m, g, accumulators), m->zero_point, m->minimum, m->maximum);
    if (m->epilogue.table != NULL) {
        look_up(m->epilogue.table, bytes);
    }
    if (m->epilogue.add != NULL) {
        add_some_bytes(m->epilogue.add, bytes, residual, output, count);
    } else {
        copy_some_bytes(output, bytes, count);
    }
}

static void finish(const helium_matrix_chunk_t *chunk, int32_t pixels, int8_t *output, const int8_t *residual) {
    const helium_matrix_s8_t own = *chunk->matrix; /* a copy stays in registers: outputs might overwrite the original */
    const int32_t *constants = chunk->constants;
    for (int32_t c = 0; c < chunk->channels; c += VECTOR_LANES, constants += group_size(&own)) {
        const group_t group = load_group(&own, constants);
        for (int32_t p = 0; p < pixels; p++) {
            const int32_t *accumulators = chunk->gemm.accumulators + p * ACCUMULATORS + c;
            const int32_t at = p * own.channels + c;
            finish_group(&own, &group, accumulators, output + at, residual + at, chunk->channels - c);
        }
    }
}

static void choose_finish(helium_matrix_chunk_t *chunk) {
    chunk->finish = finish;
}

#endif
