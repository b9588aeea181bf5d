/* matrix_s8.h where pixels or results are int16: the same constants, apart from how weights are packed for int16 pixels
 * (gemm_s16.h). */
#ifndef MATRIX_S16_H
#define MATRIX_S16_H

#include "gemm_s16.h"
#include "matrix_s8.h"

/* helium_matrix_chunk for pixels of `depth` int16 values: whatever takes the chunk then wants their bytes. */
void helium_matrix_chunk_s16(const helium_matrix_s8_t *m, int32_t first, uint8_t *scratch,
                             helium_matrix_chunk_t *chunk);

/* helium_matrix_run with int16 results: zero point 0, no epilogue. A pixel's results follow m->channels values behind
 * the last one's. */
void helium_matrix_run_s16(const helium_matrix_chunk_t *chunk, const int8_t *pixel, int32_t step, int32_t count,
                           int16_t *output);

#endif
