/* e^x of four float32. */
#ifndef HELIUM_FLOAT_EXPONENTIAL_H
#define HELIUM_FLOAT_EXPONENTIAL_H

#include "float_wide.h"

/* In between, e^x and 1 / (1 + e^x) are normal float32, and stay so when they are scaled. */
#define LEAST_EXPONENT (-80.0f)
#define LARGEST_EXPONENT 80.0f

/* e^x = power * (1 + rest), rest in -0.3 ... 0.42. Of e^x - 1 that keeps what is left of x near 0. */
typedef struct {
    wide_t power;
    wide_t rest;
} exponential_t;

/* x is clamped to LEAST_EXPONENT ... LARGEST_EXPONENT. */
ALWAYS_INLINE exponential_t exponential(wide_t x) {
    static const float series[] = {0.5f, 0.16666542f, 0.04166628f, 0.008366644f, 0.0013946552f};
    const float rounder = 12582912.0f; /* 1.5 * 2^23: what is added to it becomes an integer, in its lowest bits */
    x = wide_clamp(x, LEAST_EXPONENT, LARGEST_EXPONENT);
    const wide_t shifted = wide_fma(x, wide_of(1.44269504f), wide_of(rounder));
    const wide_t exponent = wide_add(shifted, wide_of(-rounder));
    wide_t r = wide_fma(exponent, wide_of(-0.693359375f), x); /* less exponent * log(2), in two parts */
    r = wide_fma(exponent, wide_of(2.12194442e-4f), r);
    const wide_t curved = wide_polynomial(series, 5, r);
    return (exponential_t){
        .power = wide_shift_bits(shifted, 0x3f800000),
        .rest = wide_fma(wide_multiply(r, r), curved, r),
    };
}

/* e^x */
ALWAYS_INLINE wide_t power_of_e(wide_t x) {
    const exponential_t e = exponential(x);
    return wide_fma(e.power, e.rest, e.power);
}

#endif
