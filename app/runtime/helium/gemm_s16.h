/* Sums of products of int16 vectors with int8 weights: gemm_s8.h for pixels of 16 bits. */
#ifndef GEMM_S16_H
#define GEMM_S16_H

#include "gemm_s8.h"

/* How weights are packed: 8 values of the even channel of a pair, then 8 of the odd one. Zeros fill up the depth. */
#define HELIUM_GEMM_S16_BLOCK 8

/* As the functions of gemm_s8.h, for pixels of `depth` int16 values, of a depth at which no sum leaves 32 bits. */
helium_gemm_function *helium_gemm_three_s16(int32_t depth);
helium_gemm_function helium_gemm_one_s16;

#endif
