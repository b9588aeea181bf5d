/* Sums of products of int16 vectors with int8 weights: gemm_s8.h for pixels of 16 bits. */
#ifndef GEMM_S16_H
#define GEMM_S16_H

#include "gemm_s8.h"

/* How weights are packed: 8 values of the even channel of a pair, then 8 of the odd one. Zeros fill up the depth. */
#define HELIUM_GEMM_S16_BLOCK 8

/* Of a depth at which no sum leaves 32 bits. A pixel is `depth` int16 values; pair_bytes and what counts blocks of 16
 * is not read. */
helium_gemm_function helium_gemm_three_s16;
helium_gemm_function helium_gemm_one_s16; /* one pixel: ignores the others */

#endif
