/* Helium: 3 pixels by 2 channels at a time, as in gemm_s8.c; weights widen to 16 bits when they are loaded. */
#include "gemm_s16.h"

#define BLOCK HELIUM_GEMM_S16_BLOCK

#if HELIUM_MVE

_Static_assert(HELIUM_GEMM_CHANNELS == 96, "the assembly stores a pixel's accumulators 384 bytes apart");
_Static_assert(offsetof(helium_gemm_t, depth) == 24, "the assembly reads it there");

/* clang-format off */
/* One block; `multiply` starts sums (vmladav) or goes on with them (vmladava). The even channel's weights of the next
 * block may be loaded before the last multiplication. */
#define LOAD_EVEN LINE("vldrb.s16 q0, [r7], #8")
#define BLOCK_MOST(multiply)                                                                                           \
    LINE("vldrh.16 q2, [r1], #16")                                                                                     \
    LINE(multiply ".s16 r0, q2, q0")                                                                                   \
    LINE("vldrb.s16 q1, [r7], #8")                                                                                     \
    LINE(multiply ".s16 r2, q2, q1")                                                                                   \
    LINE("vldrh.16 q3, [r3], #16")                                                                                     \
    LINE(multiply ".s16 r4, q3, q0")                                                                                   \
    LINE("vldrh.16 q2, [r5], #16")                                                                                     \
    LINE(multiply ".s16 r6, q3, q1")                                                                                   \
    LINE(multiply ".s16 r8, q2, q0")
#define BLOCK_LAST(multiply) LINE(multiply ".s16 r10, q2, q1")
#define BLOCK_OF(multiply) LOAD_EVEN BLOCK_MOST(multiply) BLOCK_LAST(multiply)
#define MORE_BLOCK BLOCK_MOST("vmladava") LOAD_EVEN BLOCK_LAST("vmladava")
#define FOUR_BLOCKS(multiply)                                                                                          \
    LOAD_EVEN BLOCK_MOST(multiply) LOAD_EVEN BLOCK_LAST(multiply) MORE_BLOCK MORE_BLOCK                                \
    BLOCK_MOST("vmladava") BLOCK_LAST("vmladava")

/* r1, r3, r5: pixels; r7: weights; r9: accumulators; r11: fours of blocks behind the first four; r12: values behind all
 * fours. On the stack: the pixels' addresses, where the accumulators end. */
#define GEMM(name, fours)                                                                                              \
    __attribute__((naked)) static void name(                                                                           \
        const int8_t *pixel0 __attribute__((unused)), const int8_t *pixel1 __attribute__((unused)),                    \
        const int8_t *pixel2 __attribute__((unused)), const helium_gemm_t *m __attribute__((unused))) {                \
        __asm volatile(                                                                                                \
            LINE("push {r4-r11, lr}")                                                                                  \
            LINE("ldrd r7, r9, [r3]")                                                                                  \
            LINE("ldr r4, [r3, #8]")                                                                                   \
            LINE("ldr r12, [r3, #24]")                                                                                 \
            LINE("add r4, r9, r4, lsl #3")                                                                             \
            LINE("lsr r11, r12, #5")                                                                                   \
            LINE("subs r11, #1")                                                                                       \
            LINE("and r12, r12, #31")                                                                                  \
            LINE("push {r0-r2, r4}")                                                                                   \
            LINE("1:")                                                                                                 \
            LINE("ldrd r1, r3, [sp]")                                                                                  \
            LINE("ldr r5, [sp, #8]")                                                                                   \
            fours                                                                                                      \
            LINE("wlstp.16 lr, r12, 5f")                                                                               \
            LINE("4:")                                                                                                 \
            BLOCK_OF("vmladava")                                                                                       \
            LINE("letp lr, 4b")                                                                                        \
            LINE("5:")                                                                                                 \
            LINE("strd r4, r6, [r9, #384]")                                                                            \
            LINE("strd r8, r10, [r9, #768]")                                                                           \
            LINE("strd r0, r2, [r9], #8")                                                                              \
            LINE("ldr r4, [sp, #12]")                                                                                  \
            LINE("cmp r9, r4")                                                                                         \
            LINE("bne.w 1b")                                                                                           \
            LINE("add sp, #16")                                                                                        \
            LINE("pop {r4-r11, pc}"));                                                                                 \
    }

GEMM(gemm_shallow,
    LINE("movs r0, #0")
    LINE("movs r2, #0")
    LINE("movs r4, #0")
    LINE("movs r6, #0")
    LINE("mov r8, #0")
    LINE("mov r10, #0"))

GEMM(gemm_deep,
    FOUR_BLOCKS("vmladav")
    LINE("wls lr, r11, 3f")
    LINE("2:")
    FOUR_BLOCKS("vmladava")
    LINE("le lr, 2b")
    LINE("3:"))
/* clang-format on */

helium_gemm_function *helium_gemm_three_s16(int32_t depth) {
    return depth < 4 * BLOCK ? gemm_shallow : gemm_deep;
}

void helium_gemm_one_s16(const int8_t *pixel0, const int8_t *pixel1, const int8_t *pixel2, const helium_gemm_t *m) {
    const int8_t *w = m->weights;
    (void)pixel1;
    (void)pixel2;
    for (int32_t pair = 0; pair < m->pairs; pair++) {
        const int16_t *x = (const int16_t *)(const void *)pixel0;
        int32_t even = 0, odd = 0;
        for (int32_t left = m->depth; left > 0; left -= BLOCK, x += BLOCK, w += 2 * BLOCK) {
            const int16x8_t values = vldrhq_z_s16(x, vctp16q((uint32_t)left));
            even = vmladavaq_s16(even, values, vldrbq_s16(w));
            odd = vmladavaq_s16(odd, values, vldrbq_s16(w + BLOCK));
        }
        m->accumulators[2 * pair] = even;
        m->accumulators[2 * pair + 1] = odd;
    }
}

#else

#if HELIUM_HOST_VECTORS

#include "gemm_s16_lanes.h"

#else

typedef int16_t gemm_value_t;
#include "gemm_pixel_code.h"

static const int16_t *values_of(const int8_t *pixel) {
    return (const int16_t *)(const void *)pixel;
}

static void gemm_one(const int8_t *pixel0, const int8_t *pixel1, const int8_t *pixel2, const helium_gemm_t *m) {
    (void)pixel1;
    (void)pixel2;
    gemm_pixel(values_of(pixel0), m, m->accumulators);
}

static void gemm_three(const int8_t *pixel0, const int8_t *pixel1, const int8_t *pixel2, const helium_gemm_t *m) {
    gemm_pixel(values_of(pixel0), m, m->accumulators);
    gemm_pixel(values_of(pixel1), m, m->accumulators + HELIUM_GEMM_CHANNELS);
    gemm_pixel(values_of(pixel2), m, m->accumulators + 2 * HELIUM_GEMM_CHANNELS);
}

#endif

void helium_gemm_one_s16(const int8_t *pixel0, const int8_t *pixel1, const int8_t *pixel2, const helium_gemm_t *m) {
    gemm_one(pixel0, pixel1, pixel2, m);
}

helium_gemm_function *helium_gemm_three_s16(int32_t depth) {
    (void)depth;
    return gemm_three;
}

#endif
