/* Blocks of so many pixels by so many vectors of channels that the sums and the weights in use fill the 8 registers. An
 * activation is multiplied from a core register, so that it needs none of the eight:
 *
 *     float32   4 pixels x 1 vector: 4 weight vectors and 4 loads of 4 activations feed 16 multiplications
 *     float16   3 pixels x 2 vectors: 8 weight vectors and 3 loads of 4 activations (6 shifts) feed 24
 *
 * Assembly, because the registers just suffice, and because compilers load each activation alone. */
#ifndef HELIUM_FLOAT_GEMM_H
#define HELIUM_FLOAT_GEMM_H

#include "float_vector.h"

#if HELIUM_FLOAT_BITS == 16
#define BLOCK_PIXELS 3
#else
#define BLOCK_PIXELS 4
#endif

#if HELIUM_MVE

/* `blocks` blocks of a run of HELIUM_FLOAT_RUN_VECTORS vectors: output = clamp(bias + products). Steps, from one pixel
 * to the next, are in bytes. The assembly knows the places of the fields, and counts pixel, output and blocks on. */
typedef struct {
    const helium_float_t *pixel; /* float16: a multiple of 4, as is its step */
    int32_t pixel_step;
    const helium_float_t *weights;
    const helium_float_t *bias;
    helium_float_t *output;
    int32_t output_step;
    int32_t eights; /* depth / 8 */
    int32_t rest;   /* depth % 8 */
    vector_t low;
    vector_t high;
    int32_t blocks; /* at least 1 */
} float_gemm_t;

_Static_assert(offsetof(float_gemm_t, low) == 32 && offsetof(float_gemm_t, blocks) == 64, "as in the assembly");

#if HELIUM_FLOAT_BITS == 32

/* r0 ... r3: pixels; r4: weights; r5 ... r8: activations; r10: the struct; r11: blocks; r12: eights. */
#define BEGIN_BLOCK                                                                                                    \
    LINE("ldrd r0, r5, [r10]")     /* pixel, pixel_step */                                                             \
    LINE("ldrd r4, r6, [r10, #8]") /* weights, bias */                                                                 \
    LINE("vldrw.32 q0, [r6]")                                                                                          \
    LINE("add r1, r0, r5")                                                                                             \
    LINE("vmov q1, q0")                                                                                                \
    LINE("add r2, r1, r5")                                                                                             \
    LINE("vmov q2, q0")                                                                                                \
    LINE("add r3, r2, r5")                                                                                             \
    LINE("vmov q3, q0")                                                                                                \
    LINE("add r5, r3, r5")                                                                                             \
    LINE("str r5, [r10]")

#define LAST_PIXELS(pixel, sum)                                                                                        \
    LINE("ldm " pixel "!, {r5, r6, r7, r8}")                                                                           \
    LINE("vfma.f32 " sum ", q4, r5")                                                                                   \
    LINE("vfma.f32 " sum ", q5, r6")                                                                                   \
    LINE("vfma.f32 " sum ", q6, r7")                                                                                   \
    LINE("vfma.f32 " sum ", q7, r8")

/* The first pixel's multiplications alternate with the loads of the weights: the Cortex-M55 overlaps them. */
#define FOUR_OF_DEPTH                                                                                                  \
    LINE("ldm r0!, {r5, r6, r7, r8}")                                                                                  \
    LINE("vldrw.32 q4, [r4], #16")                                                                                     \
    LINE("vfma.f32 q0, q4, r5")                                                                                        \
    LINE("vldrw.32 q5, [r4], #16")                                                                                     \
    LINE("vfma.f32 q0, q5, r6")                                                                                        \
    LINE("vldrw.32 q6, [r4], #16")                                                                                     \
    LINE("vfma.f32 q0, q6, r7")                                                                                        \
    LINE("vldrw.32 q7, [r4], #16")                                                                                     \
    LINE("vfma.f32 q0, q7, r8")                                                                                        \
    LAST_PIXELS("r1", "q1") LAST_PIXELS("r2", "q2") LAST_PIXELS("r3", "q3")

#define ONE_OF_DEPTH                                                                                                   \
    LINE("ldr r5, [r0], #4")                                                                                           \
    LINE("vldrw.32 q4, [r4], #16")                                                                                     \
    LINE("vfma.f32 q0, q4, r5")                                                                                        \
    LINE("ldr r6, [r1], #4")                                                                                           \
    LINE("vfma.f32 q1, q4, r6")                                                                                        \
    LINE("ldr r7, [r2], #4")                                                                                           \
    LINE("vfma.f32 q2, q4, r7")                                                                                        \
    LINE("ldr r8, [r3], #4")                                                                                           \
    LINE("vfma.f32 q3, q4, r8")

#define FINISH_BLOCK                                                                                                   \
    LINE("vldrw.32 q4, [r10, #32]") /* low */                                                                          \
    LINE("vldrw.32 q5, [r10, #48]") /* high */                                                                         \
    LINE("vmaxnm.f32 q0, q0, q4")                                                                                      \
    LINE("ldrd r5, r6, [r10, #16]") /* output, output_step */                                                          \
    LINE("vminnm.f32 q0, q0, q5")                                                                                      \
    LINE("vmaxnm.f32 q1, q1, q4")                                                                                      \
    LINE("vstrw.32 q0, [r5]")                                                                                          \
    LINE("add r5, r5, r6")                                                                                             \
    LINE("vminnm.f32 q1, q1, q5")                                                                                      \
    LINE("vmaxnm.f32 q2, q2, q4")                                                                                      \
    LINE("vstrw.32 q1, [r5]")                                                                                          \
    LINE("add r5, r5, r6")                                                                                             \
    LINE("vminnm.f32 q2, q2, q5")                                                                                      \
    LINE("vmaxnm.f32 q3, q3, q4")                                                                                      \
    LINE("vstrw.32 q2, [r5]")                                                                                          \
    LINE("add r5, r5, r6")                                                                                             \
    LINE("vminnm.f32 q3, q3, q5")                                                                                      \
    LINE("vstrw.32 q3, [r5]")                                                                                          \
    LINE("add r5, r5, r6")                                                                                             \
    LINE("str r5, [r10, #16]")

#else

/* r0, r1, r2: pixels; r3: weights; r4 ... r9: activations; r10: the struct; r11: blocks; r12: eights. */
#define BEGIN_BLOCK                                                                                                    \
    LINE("ldrd r0, r4, [r10]")     /* pixel, pixel_step */                                                             \
    LINE("ldrd r3, r5, [r10, #8]") /* weights, bias */                                                                 \
    LINE("vldrh.16 q0, [r5]")                                                                                          \
    LINE("add r1, r0, r4")                                                                                             \
    LINE("vldrh.16 q1, [r5, #16]")                                                                                     \
    LINE("add r2, r1, r4")                                                                                             \
    LINE("vmov q2, q0")                                                                                                \
    LINE("add r4, r2, r4")                                                                                             \
    LINE("vmov q3, q1")                                                                                                \
    LINE("str r4, [r10]")                                                                                              \
    LINE("vmov q4, q0")                                                                                                \
    LINE("vmov q5, q1")

/* The activations stand in the lower halves of registers. */
#define MULTIPLY_ONE(a, b, c)                                                                                          \
    LINE("vldrh.16 q6, [r3], #16")                                                                                     \
    LINE("vfma.f16 q0, q6, " a)                                                                                        \
    LINE("vldrh.16 q7, [r3], #16")                                                                                     \
    LINE("vfma.f16 q1, q7, " a)                                                                                        \
    LINE("vfma.f16 q2, q6, " b)                                                                                        \
    LINE("vfma.f16 q3, q7, " b)                                                                                        \
    LINE("vfma.f16 q4, q6, " c)                                                                                        \
    LINE("vfma.f16 q5, q7, " c)

#define MULTIPLY_TWO(a, b, c)                                                                                          \
    MULTIPLY_ONE(a, b, c)                                                                                              \
    LINE("lsr " a ", " a ", #16")                                                                                      \
    LINE("lsr " b ", " b ", #16")                                                                                      \
    LINE("lsr " c ", " c ", #16")                                                                                      \
    MULTIPLY_ONE(a, b, c)

#define FOUR_OF_DEPTH                                                                                                  \
    LINE("ldrd r4, r5, [r0], #8")                                                                                      \
    LINE("ldrd r6, r7, [r1], #8")                                                                                      \
    LINE("ldrd r8, r9, [r2], #8")                                                                                      \
    MULTIPLY_TWO("r4", "r6", "r8") MULTIPLY_TWO("r5", "r7", "r9")

#define ONE_OF_DEPTH                                                                                                   \
    LINE("ldrh r4, [r0], #2")                                                                                          \
    LINE("ldrh r6, [r1], #2")                                                                                          \
    LINE("ldrh r8, [r2], #2")                                                                                          \
    MULTIPLY_ONE("r4", "r6", "r8")

#define CLAMP(sum)                                                                                                     \
    LINE("vmaxnm.f16 " sum ", " sum ", q6")                                                                            \
    LINE("vminnm.f16 " sum ", " sum ", q7")

#define FINISH_BLOCK                                                                                                   \
    LINE("vldrh.16 q6, [r10, #32]") /* low */                                                                          \
    LINE("vldrh.16 q7, [r10, #48]") /* high */                                                                         \
    CLAMP("q0")                                                                                                        \
    LINE("ldrd r4, r5, [r10, #16]") /* output, output_step */                                                          \
    CLAMP("q1")                                                                                                        \
    LINE("vstrh.16 q0, [r4]")                                                                                          \
    CLAMP("q2")                                                                                                        \
    LINE("vstrh.16 q1, [r4, #16]")                                                                                     \
    LINE("add r4, r4, r5")                                                                                             \
    CLAMP("q3")                                                                                                        \
    LINE("vstrh.16 q2, [r4]")                                                                                          \
    CLAMP("q4")                                                                                                        \
    LINE("vstrh.16 q3, [r4, #16]")                                                                                     \
    LINE("add r4, r4, r5")                                                                                             \
    CLAMP("q5")                                                                                                        \
    LINE("vstrh.16 q4, [r4]")                                                                                          \
    LINE("vstrh.16 q5, [r4, #16]")                                                                                     \
    LINE("add r4, r4, r5")                                                                                             \
    LINE("str r4, [r10, #16]")

#endif

__attribute__((naked, noinline)) static void float_gemm(float_gemm_t *m __attribute__((unused))) {
    /* clang-format off */
    __asm volatile(
        LINE("push {r4-r11, lr}")
        LINE("vpush {d8-d15}")
        LINE("mov r10, r0")
        LINE("ldr r11, [r0, #64]") /* blocks */
        LINE("ldr r12, [r0, #24]") /* eights */
        LINE("1:")
        BEGIN_BLOCK
        LINE("wls lr, r12, 3f")
        LINE("2:")
        FOUR_OF_DEPTH
        FOUR_OF_DEPTH
        LINE("le lr, 2b")
        LINE("3:")
        LINE("ldr lr, [r10, #28]") /* rest */
        LINE("wls lr, lr, 5f")
        LINE("4:")
        ONE_OF_DEPTH
        LINE("le lr, 4b")
        LINE("5:")
        FINISH_BLOCK
        LINE("subs r11, r11, #1")
        LINE("bne.w 1b")
        LINE("vpop {d8-d15}")
        LINE("pop {r4-r11, pc}"));
    /* clang-format on */
}

#endif
#endif
