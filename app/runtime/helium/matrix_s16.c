#include "matrix_s16.h"

#include "matrix_group.h"

#if HELIUM_MVE

static void finish(const helium_matrix_chunk_t *chunk, int32_t pixels, int16_t *output) {
    const helium_matrix_s8_t *m = chunk->matrix;
    for (int32_t p = 0; p < pixels; p++, output += m->channels) {
        const int32_t *constants = chunk->constants, *from = chunk->gemm.accumulators + p * ACCUMULATORS;
        int16_t *to = output;
        for (int32_t left = chunk->channels; left > 0; left -= GROUP) {
            vstrhq_p_s16(to, clamped_group(m, constants, from), vctp16q((uint32_t)left));
            constants += group_size(m), from += GROUP, to += GROUP;
        }
    }
}

#elif HELIUM_HOST_VECTORS

#include "matrix_s16_lanes.h"

#else

static void finish(const helium_matrix_chunk_t *chunk, int32_t pixels, int16_t *output) {
    const helium_matrix_s8_t *m = chunk->matrix;
    for (int32_t p = 0; p < pixels; p++, output += m->channels) {
        const int32_t *accumulators = chunk->gemm.accumulators + p * ACCUMULATORS;
        for (int32_t c = 0; c < chunk->channels; c++) {
            const channel_t own = channel_of(m, chunk->constants, c);
            const int32_t scaled = helium_requantise(accumulators[c] + own.bias, own.multiplier, own.shift);
            output[c] = (int16_t)helium_clamp(scaled, m->minimum, m->maximum);
        }
    }
}

#endif

void helium_matrix_chunk_s16(const helium_matrix_s8_t *m, int32_t first, uint8_t *scratch,
                             helium_matrix_chunk_t *chunk) {
    const int32_t depth_bytes = (m->depth + HELIUM_GEMM_S16_BLOCK - 1) / HELIUM_GEMM_S16_BLOCK * HELIUM_GEMM_S16_BLOCK;
    helium_matrix_chunk(m, first, scratch, chunk);
    chunk->gemm.weights = m->weights + first * depth_bytes;
    chunk->gemm_three = helium_gemm_three_s16(m->depth);
    chunk->gemm_one = helium_gemm_one_s16;
}

void helium_matrix_run_s16(const helium_matrix_chunk_t *chunk, const int8_t *pixel, int32_t step, int32_t count,
                           int16_t *output) {
    output += chunk->first;
    for (int32_t left = count; left > 0; left -= HELIUM_GEMM_PIXELS) {
        const int32_t pixels = left < HELIUM_GEMM_PIXELS ? left : HELIUM_GEMM_PIXELS;
        if (pixels == 1) {
            chunk->gemm_one(pixel, pixel, pixel, &chunk->gemm);
        } else {
            chunk->gemm_three(pixel, pixel + step, pixel + (pixels - 1) * step, &chunk->gemm);
        }
        finish(chunk, pixels, output);
        pixel += HELIUM_GEMM_PIXELS * step;
        output += HELIUM_GEMM_PIXELS * chunk->matrix->channels;
    }
}
