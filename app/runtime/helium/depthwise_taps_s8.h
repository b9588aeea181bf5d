/* Sums over the taps of a depthwise window, 16 channels at a time. For inclusion in kernels, with Helium.
 *
 * Products of even and odd channels are 16 bits wide; two taps are summed in 16 bits (2 * 127 * 128 fits) before they
 * are widened. Widening even and odd halves again leaves the sums in narrowing order. In assembly, because the
 * registers just suffice: 4 of sums, 4 of work. */
#ifndef DEPTHWISE_TAPS_S8_H
#define DEPTHWISE_TAPS_S8_H

#include "helium.h"

/* Four vectors of 32-bit sums of a group: lane i of lanes[j] is channel 4 * i + j. */
typedef struct {
    int32x4_t lanes[4];
} sums_t;

/* Adds 8 16-bit sums of even channels in t2 and of odd channels in t0. */
#define WIDEN_AND_ADD                                                                                                  \
    LINE("vmovlb.s16 %q[t1], %q[t2]")                                                                                  \
    LINE("vmovlt.s16 %q[t2], %q[t2]")                                                                                  \
    LINE("vadd.i32 %q[s0], %q[s0], %q[t1]")                                                                            \
    LINE("vmovlb.s16 %q[t1], %q[t0]")                                                                                  \
    LINE("vadd.i32 %q[s2], %q[s2], %q[t2]")                                                                            \
    LINE("vmovlt.s16 %q[t0], %q[t0]")                                                                                  \
    LINE("vadd.i32 %q[s1], %q[s1], %q[t1]")                                                                            \
    LINE("vadd.i32 %q[s3], %q[s3], %q[t0]")

/* Two taps. The second pixel is read twice: there is no register to keep it. */
#define TWO_TAPS                                                                                                       \
    LINE("vldrb.8 %q[t0], [%[pixel]], #16")                                                                            \
    LINE("vldrb.8 %q[t1], [%[weights]], #16")                                                                          \
    LINE("vmullb.s8 %q[t2], %q[t0], %q[t1]")                                                                           \
    LINE("vldrb.8 %q[t3], [%[weights]], #16")                                                                          \
    LINE("vmullt.s8 %q[t0], %q[t0], %q[t1]")                                                                           \
    LINE("vldrb.8 %q[t1], [%[pixel]]")                                                                                 \
    LINE("vmullb.s8 %q[t1], %q[t1], %q[t3]")                                                                           \
    LINE("vadd.i16 %q[t2], %q[t2], %q[t1]")                                                                            \
    LINE("vldrb.8 %q[t1], [%[pixel]], #16")                                                                            \
    LINE("vmullt.s8 %q[t1], %q[t1], %q[t3]")                                                                           \
    LINE("vadd.i16 %q[t0], %q[t0], %q[t1]")                                                                            \
    WIDEN_AND_ADD

#define ONE_TAP                                                                                                        \
    LINE("vldrb.8 %q[t0], [%[pixel]], #16")                                                                            \
    LINE("vldrb.8 %q[t1], [%[weights]], #16")                                                                          \
    LINE("vmullb.s8 %q[t2], %q[t0], %q[t1]")                                                                           \
    LINE("vmullt.s8 %q[t0], %q[t0], %q[t1]")                                                                           \
    WIDEN_AND_ADD

/* Runs TWO_TAPS or ONE_TAP as often as `text` says. */
#define TAPS(text)                                                                                                     \
    __asm volatile(text                                                                                                \
                   : [s0] "+w"(s0), [s1] "+w"(s1), [s2] "+w"(s2), [s3] "+w"(s3), [t0] "=&w"(t0), [t1] "=&w"(t1),       \
                     [t2] "=&w"(t2), [t3] "=&w"(t3), [pixel] "+r"(pixel), [weights] "+r"(weights)                      \
                   :                                                                                                   \
                   : "memory")

/* Bias plus the products of `tap_count` vectors of 16 channels at `pixel` and at `weights`; the compiler may know
 * tap_count. */
ALWAYS_INLINE sums_t accumulate(const int8_t *pixel, const int8_t *weights, const int32_t *bias, int32_t tap_count) {
    int32x4_t s0 = vldrwq_s32(bias), s1 = vldrwq_s32(bias + 4);
    int32x4_t s2 = vldrwq_s32(bias + 8), s3 = vldrwq_s32(bias + 12);
    int32x4_t t0, t1, t2, t3;
    if (tap_count == 9) {
        TAPS(TWO_TAPS TWO_TAPS TWO_TAPS TWO_TAPS ONE_TAP);
    } else if (tap_count == 25) {
        TAPS(TWO_TAPS TWO_TAPS TWO_TAPS TWO_TAPS TWO_TAPS TWO_TAPS);
        TAPS(TWO_TAPS TWO_TAPS TWO_TAPS TWO_TAPS TWO_TAPS TWO_TAPS ONE_TAP);
    } else {
        for (; tap_count >= 2; tap_count -= 2) {
            TAPS(TWO_TAPS);
        }
        if (tap_count > 0) {
            TAPS(ONE_TAP);
        }
    }
    return (sums_t){{s0, s1, s2, s3}};
}

#endif
