#include "matrix_s8.h"

#include "epilogue_s8.h"
#include "matrix_group.h"

typedef helium_matrix_chunk_t chunk_t;

#if HELIUM_MVE

/* 8 results of one pixel in 16-bit lanes, saturated to 16 bits. */
ALWAYS_INLINE int16x8_t scaled(const group_t *g, const int32_t *accumulators, int32_t zero_point) {
    const int32x4x2_t sums = vld2q_s32(accumulators);
    const int32x4_t even = vaddq_s32(sums.val[0], g->bias[0]), odd = vaddq_s32(sums.val[1], g->bias[1]);
    const int16x8_t narrow =
        vqmovntq_s32(vqmovnbq_s32(vdupq_n_s16(0), helium_requantise_x4(even, g->multiplier[0], g->shift[0])),
                     helium_requantise_x4(odd, g->multiplier[1], g->shift[1]));
    return vqaddq_n_s16(narrow, (int16_t)zero_point);
}

ALWAYS_INLINE void finish_some(const chunk_t *chunk, int32_t pixels, int8_t *output, int32_t stride,
                               const int8_t *table) {
    for (int32_t p = 0; p < pixels; p++, output += stride) {
        const int32_t *constants = chunk->constants, *from = chunk->gemm.accumulators + p * ACCUMULATORS;
        int8_t *to = output;
        for (int32_t left = chunk->channels; left > 0; left -= GROUP) {
            const group_t g = load_group(constants);
            const int16x8_t value = scaled(&g, from, chunk->matrix->zero_point);
            const int16x8_t bytes = table == NULL ? helium_byte_x8(value) : helium_table_x8(table, value);
            vstrbq_p_s16(to, bytes, vctp16q((uint32_t)left));
            constants += 3 * GROUP, from += GROUP, to += GROUP;
        }
    }
}

/* The usual cases: the clamp is that of a byte, or part of the table. */
static void finish_usual(const chunk_t *chunk, int32_t pixels, int8_t *output, const int8_t *residual) {
    (void)residual;
    finish_some(chunk, pixels, output, chunk->matrix->channels, chunk->matrix->epilogue.table);
}

/* As helium_matrix_run with finish_usual, three pixels at a time; returns the pixels that are done. */
static int32_t run_usual(const chunk_t *chunk, const int8_t *pixel, int32_t step, int32_t count, int8_t *output,
                         const int8_t *residual) {
    enum { THREE = HELIUM_GEMM_PIXELS };
    helium_gemm_function *const gemm = chunk->gemm_three;
    helium_finish_function *const finish =
        chunk->three.table != NULL ? helium_finish_three_table_s8 : helium_finish_three_s8;
    (void)residual;
    for (int32_t left = count; left >= THREE; left -= THREE) {
        gemm(pixel, pixel + step, pixel + 2 * step, &chunk->gemm);
        finish(chunk->constants, chunk->gemm.accumulators, output, &chunk->three);
        pixel += THREE * step;
        output += THREE * chunk->matrix->channels;
    }
    return count / THREE * THREE;
}

ALWAYS_INLINE void add_residual(const helium_usual_add_t *add, const int8_t *own, const int8_t *residual,
                                int8_t *output, int32_t count) {
    for (; count > 0; count -= 16, own += 16, residual += 16, output += 16) {
        const mve_pred16_t lanes = vctp8q((uint32_t)count);
        const int8x16_t sum = helium_usual_add_x16(add, vldrbq_z_s8(own, lanes), vldrbq_z_s8(residual, lanes));
        vstrbq_p_s8(output, sum, lanes);
    }
}

/* With a residual addition behind. The residual may be the output: the results go to the scratch first. */
static void finish_add(const chunk_t *chunk, int32_t pixels, int8_t *output, const int8_t *residual) {
    int8_t *const results = chunk->results;
    const int32_t channels = chunk->matrix->channels;
    const helium_usual_add_t add = helium_usual_add(chunk->matrix->epilogue.add);
    finish_some(chunk, pixels, results, chunk->channels, NULL);
    for (int32_t p = 0; p < pixels; p++) {
        const int32_t at = p * channels;
        add_residual(&add, results + p * chunk->channels, residual + at, output + at, chunk->channels);
    }
}

/* As helium_matrix_run with finish_add, three pixels at a time; returns the pixels that are done. The scratch
 * holds as many threes as it can: where the chunk has all channels, they are added in one go. */
static int32_t run_add(const chunk_t *chunk, const int8_t *pixel, int32_t step, int32_t count, int8_t *output,
                       const int8_t *residual) {
    enum { THREE = HELIUM_GEMM_PIXELS };
    int8_t *const results = chunk->results;
    const int32_t own = chunk->channels, channels = chunk->matrix->channels;
    const int32_t most = HELIUM_GEMM_CHANNELS / own * THREE, threes = count / THREE * THREE;
    const helium_usual_add_t add = helium_usual_add(chunk->matrix->epilogue.add);
    const helium_finish_t finish = {own, chunk->three.groups, chunk->three.rest, chunk->three.zero_point, NULL};
    for (int32_t done = 0; done < threes;) {
        const int32_t pixels = threes - done < most ? threes - done : most;
        for (int32_t p = 0; p < pixels; p += THREE, pixel += THREE * step) {
            chunk->gemm_three(pixel, pixel + step, pixel + 2 * step, &chunk->gemm);
            helium_finish_three_s8(chunk->constants, chunk->gemm.accumulators, results + p * own, &finish);
        }
        if (own == channels) {
            add_residual(&add, results, residual, output, pixels * channels);
        } else {
            for (int32_t p = 0; p < pixels; p++) {
                add_residual(&add, results + p * own, residual + p * channels, output + p * channels, own);
            }
        }
        done += pixels;
        output += pixels * channels;
        residual += pixels * channels;
    }
    return threes;
}

/* Everything: left shifts, clamp, epilogue. */
static void finish_general(const chunk_t *chunk, int32_t pixels, int8_t *output, const int8_t *residual) {
    const helium_matrix_s8_t *m = chunk->matrix;
    for (int32_t p = 0; p < pixels; p++) {
        const int32_t *constants = chunk->constants, *from = chunk->gemm.accumulators + p * ACCUMULATORS;
        for (int32_t c = 0; c < chunk->channels; c += GROUP, from += GROUP, constants += group_size(m)) {
            const mve_pred16_t lanes = vctp16q((uint32_t)(chunk->channels - c));
            const int16x8_t value = clamped_group(m, constants, from);
            const int32_t at = p * m->channels + c;
            const int16x8_t result = helium_epilogue_x8(&m->epilogue, value, residual + at, lanes);
            vstrbq_p_s16(output + at, result, lanes);
        }
    }
}

static int is_whole_byte(int32_t minimum, int32_t maximum) {
    return minimum == INT8_MIN && maximum == INT8_MAX;
}

static void choose_finish(chunk_t *chunk) {
    const helium_matrix_s8_t *m = chunk->matrix;
    const helium_add_t *add = m->epilogue.add;
    chunk->finish = finish_general;
    if (m->has_left_shift || !is_whole_byte(m->minimum, m->maximum)) {
        return;
    }
    if (add == NULL) {
        chunk->finish = finish_usual;
        chunk->run = run_usual;
    } else if (m->epilogue.table == NULL && helium_add_is_usual(add)) {
        chunk->finish = finish_add;
        chunk->run = run_add;
    }
}

#elif HELIUM_HOST_VECTORS

#include "matrix_lanes.h"

#else

static void finish(const chunk_t *chunk, int32_t pixels, int8_t *output, const int8_t *residual) {
    const helium_matrix_s8_t *m = chunk->matrix;
    for (int32_t p = 0; p < pixels; p++) {
        const int32_t *accumulators = chunk->gemm.accumulators + p * ACCUMULATORS;
        for (int32_t c = 0; c < chunk->channels; c++) {
            const channel_t own = channel_of(m, chunk->constants, c);
            const int8_t value = helium_requantise_s8(accumulators[c] + own.bias, own.multiplier, own.shift,
                                                      m->zero_point, m->minimum, m->maximum);
            const int32_t at = p * m->channels + c;
            output[at] = helium_epilogue_element(&m->epilogue, value, residual + at);
        }
    }
}

static void choose_finish(chunk_t *chunk) {
    chunk->finish = finish;
}

#endif

void helium_matrix_chunk(const helium_matrix_s8_t *m, int32_t first, uint8_t *scratch, chunk_t *chunk) {
    helium_matrix_part(m, m->channels, first, scratch, chunk);
}

void helium_matrix_part(const helium_matrix_s8_t *m, int32_t channels, int32_t first, uint8_t *scratch,
                        chunk_t *chunk) {
    const int32_t left = channels - first;
    const int32_t depth_bytes = (m->depth + 15) / 16 * 16; /* of one channel's weights */
    chunk->matrix = m;
    chunk->first = first;
    chunk->channels = left < HELIUM_GEMM_CHANNELS ? left : HELIUM_GEMM_CHANNELS;
    chunk->constants = m->constants + first / GROUP * group_size(m);
    chunk->results = (int8_t *)scratch;
    int32_t *accumulators = (int32_t *)(void *)(scratch + (m->epilogue.add != NULL ? HELIUM_MATRIX_RESULTS : 0));
    chunk->gemm = helium_gemm_s8(m->weights + first * depth_bytes, m->depth, chunk->channels, accumulators);
    chunk->gemm_three = helium_gemm_three_s8(m->depth);
    chunk->gemm_one = helium_gemm_one_s8(m->depth);
    chunk->three = (helium_finish_t){m->channels, chunk->channels / GROUP, chunk->channels % GROUP, m->zero_point,
                                     m->epilogue.table};
    chunk->run = NULL;
    choose_finish(chunk);
}

void helium_matrix_pixels(const chunk_t *chunk, const int8_t *pixel0, const int8_t *pixel1, const int8_t *pixel2,
                          int32_t pixels, int8_t *output, const int8_t *residual) {
    if (pixels == HELIUM_GEMM_PIXELS) {
        chunk->gemm_three(pixel0, pixel1, pixel2, &chunk->gemm);
    } else if (pixels == 2) {
        chunk->gemm_three(pixel0, pixel1, pixel0, &chunk->gemm);
    } else {
        chunk->gemm_one(pixel0, pixel0, pixel0, &chunk->gemm);
    }
    output += chunk->first;
    chunk->finish(chunk, pixels, output, residual != NULL ? residual + chunk->first : output);
}

void helium_matrix_run(const chunk_t *chunk, const int8_t *pixel, int32_t step, int32_t count, int8_t *output,
                       const int8_t *residual) {
    const int32_t channels = chunk->matrix->channels;
    if (chunk->run != NULL) {
        const int8_t *added = residual != NULL ? residual + chunk->first : NULL;
        const int32_t done = chunk->run(chunk, pixel, step, count, output + chunk->first, added);
        count -= done;
        pixel += done * step;
        output += done * channels;
        residual = residual != NULL ? residual + done * channels : NULL;
    }
    for (; count > 0; count -= HELIUM_GEMM_PIXELS) {
        const int32_t pixels = count < HELIUM_GEMM_PIXELS ? count : HELIUM_GEMM_PIXELS;
        helium_matrix_pixels(chunk, pixel, pixel + step, pixel + 2 * step, pixels, output, residual);
        pixel += HELIUM_GEMM_PIXELS * step;
        output += HELIUM_GEMM_PIXELS * channels;
        residual = residual != NULL ? residual + HELIUM_GEMM_PIXELS * channels : NULL;
    }
}
