/* The vector code of matrix_s8.c: from accumulators to int8, a group of 8 channels at a time. */
#ifndef HOST_MATRIX_LANES_H
#define HOST_MATRIX_LANES_H

#include "add_lanes.h"
#include "matrix_s8.h"

_Static_assert(HELIUM_MATRIX_GROUP == VECTOR_LANES, "the constants of a group are one vector");

/* The constants of one group, in channel order. */
typedef struct {
    lanes_t bias, multiplier, shift, left_shift;
} group_t;

ALWAYS_INLINE lanes_t constant_lanes(const int32_t *constants, int32_t number) {
    const int32_t *const even = constants + number * VECTOR_LANES;
    return interleaved(even, even + VECTOR_LANES / 2);
}

ALWAYS_INLINE group_t load_group(const helium_matrix_s8_t *m, const int32_t *constants) {
    return (group_t){constant_lanes(constants, 0), constant_lanes(constants, 1), constant_lanes(constants, 2),
                     m->has_left_shift ? constant_lanes(constants, 3) : same_lanes(0)};
}

/* The first `count` of a group's results, or all 8, for one pixel. */
ALWAYS_INLINE void finish_group(const helium_matrix_s8_t *m, const group_t *g, const int32_t *accumulators,
                                int8_t *output, const int8_t *residual, int32_t count) {
    int8_t bytes[VECTOR_LANES];
    lanes_t sums = add_lanes(load_lanes(accumulators), g->bias);
    if (m->has_left_shift) {
        sums = shift_left(sums, g->left_shift);
    }
    store_bytes(bytes, requantise_lanes(sums, g->multiplier, g->shift), m->zero_point, m->minimum, m->maximum);
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
    for (int32_t c = 0; c < chunk->channels;
         c += VECTOR_LANES, constants += own.has_left_shift ? 4 * VECTOR_LANES : 3 * VECTOR_LANES) {
        const group_t group = load_group(&own, constants);
        for (int32_t p = 0; p < pixels; p++) {
            const int32_t *accumulators = chunk->gemm.accumulators + p * HELIUM_GEMM_CHANNELS + c;
            const int32_t at = p * own.channels + c;
            finish_group(&own, &group, accumulators, output + at, residual + at, chunk->channels - c);
        }
    }
}

static void choose_finish(helium_matrix_chunk_t *chunk) {
    chunk->finish = finish;
}

#endif
