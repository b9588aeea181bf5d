/* Eight lanes of int32, and sums of products of int8 and int16: what the kernels' code for the host is written in.
 * avx2.h and neon.h define the same types and functions:
 *
 *     lanes_t     8 values of int32
 *     taps_t      8 int8 weights for each of two taps
 *     values_t    16 int8 values, ready to be multiplied
 *     dot_t       partial sums of products of values_t
 *     wide_t      8 int16 values, ready to be multiplied
 *     pair_dot_t  partial sums of two channels: of the 8 products of a wide_t with each half of a values_t
 *
 * All arithmetic is exact, and the same as in app/runtime/helium/requantise.h. */
#ifndef HOST_VECTOR_H
#define HOST_VECTOR_H

#include <string.h>

#include "helium.h"

#define VECTOR_LANES 8 /* of lanes_t */
#define DOT_VALUES 16  /* of values_t */
#define WIDE_VALUES 8  /* of wide_t */

#if defined(__AVX2__)
#include "avx2.h"
#elif defined(__aarch64__)
#include "neon.h"
#else
#error "HELIUM_HOST_VECTORS needs AVX2 or AArch64"
#endif

/* Of the first `count` values only, 1 ... 15: no byte behind them is read. */
ALWAYS_INLINE values_t load_some_values(const int8_t *from, int32_t count) {
    int8_t padded[DOT_VALUES] = {0};
    memcpy(padded, from, (size_t)count);
    return load_values(padded);
}

/* The first `count` of 8 int8; all of them where there are more. */
ALWAYS_INLINE void copy_some_bytes(int8_t *to, const int8_t *from, int32_t count) {
    if (count >= VECTOR_LANES) {
        memcpy(to, from, VECTOR_LANES);
    } else {
        memcpy(to, from, (size_t)count);
    }
}

/* The same of int16. */
ALWAYS_INLINE void copy_some_halves(int16_t *to, const int16_t *from, int32_t count) {
    if (count >= VECTOR_LANES) {
        memcpy(to, from, VECTOR_LANES * sizeof *to);
    } else {
        memcpy(to, from, (size_t)count * sizeof *to);
    }
}

/* 8 int8 through a table of 256, in place. */
ALWAYS_INLINE void look_up(const int8_t *table, int8_t bytes[VECTOR_LANES]) {
    for (int32_t i = 0; i < VECTOR_LANES; i++) {
        bytes[i] = table[(uint8_t)bytes[i]];
    }
}

#endif
