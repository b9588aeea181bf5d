/* The end of three pixels' sums of products: bias, requantisation, zero point, table. A part of matrix_s8. */
#ifndef FINISH_S8_H
#define FINISH_S8_H

#include "gemm_s8.h"

/* What a call reads. The assembly knows the offsets. */
typedef struct {
    int32_t stride;      /* 0: bytes from an output pixel to the next */
    int32_t groups;      /* 4: full groups of 8 channels */
    int32_t rest;        /* 8: channels behind them, 0 ... 7 */
    int32_t zero_point;  /* 12 */
    const int8_t *table; /* 16: not read where there is none */
} helium_finish_t;

/* From three pixels' accumulators (HELIUM_GEMM_CHANNELS a pixel) to output. constants: see matrix_s8.h; without
 * left shifts. The clamp is that of a byte. */
typedef void helium_finish_function(const int32_t *constants, const int32_t *accumulators, int8_t *output,
                                    const helium_finish_t *f);

helium_finish_function helium_finish_three_s8;
helium_finish_function helium_finish_three_table_s8; /* the same with the table behind */

#endif
