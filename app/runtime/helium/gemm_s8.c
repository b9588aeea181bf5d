/* Sums of products of int8 vectors.
 *
 * Helium: 3 pixels by 2 channels at a time (6 accumulators, all that the even registers allow beside the loop counter),
 * so that 5 loads feed 6 multiplications of 16 values. In assembly, because the registers just suffice: an instruction
 * that accumulates across a vector takes an even register. Loads and multiplications alternate: the Cortex-M55
 * overlaps them. */
#include "gemm_s8.h"

#define BLOCK HELIUM_GEMM_BLOCK

#if HELIUM_MVE

_Static_assert(HELIUM_GEMM_CHANNELS == 96, "the assembly stores a pixel's accumulators 384 bytes apart");
_Static_assert(offsetof(helium_gemm_t, pair_bytes) == 20, "the assembly reads it there");

#define UNUSED __attribute__((unused))

/* clang-format off */
/* A function that is nothing but assembly. */
#define ASSEMBLY(name, text)                                                                                           \
    __attribute__((naked, noinline)) static void name(const int8_t *pixel0 UNUSED, const int8_t *pixel1 UNUSED,        \
                                                      const int8_t *pixel2 UNUSED, const helium_gemm_t *m UNUSED) {    \
        __asm volatile(text);                                                                                          \
    }

/* r1, r3, r5: pixels; r7: weights; r9: accumulators; r11: double blocks; r12: pairs. */
#define ENTER                                                                                                          \
    LINE("push {r4-r11, lr}")                                                                                          \
    LINE("mov r5, r2")                                                                                                 \
    LINE("mov r4, r3")                                                                                                 \
    LINE("mov r3, r1")                                                                                                 \
    LINE("mov r1, r0")                                                                                                 \
    LINE("ldrd r7, r9, [r4]")                                                                                          \
    LINE("ldrd r12, r11, [r4, #8]")                                                                                    \
    LINE("ldr r4, [r4, #16]")                                                                                          \
    LINE("vctp.8 r4")

/* One block. `at` is the address part of a pixel's load; vmladav starts a sum, vmladava goes on. The even channel's
 * weights of the next block may be loaded before the last multiplication. */
#define LOAD_EVEN LINE("vldrb.8 q0, [r7], #16")
#define BLOCK_MOST(multiply, at)                                                                                       \
    LINE("vldrb.8 q2, [r1, " at)                                                                                       \
    LINE(multiply ".s8 r0, q2, q0")                                                                                    \
    LINE("vldrb.8 q1, [r7], #16")                                                                                      \
    LINE(multiply ".s8 r2, q2, q1")                                                                                    \
    LINE("vldrb.8 q3, [r3, " at)                                                                                       \
    LINE(multiply ".s8 r4, q3, q0")                                                                                    \
    LINE("vldrb.8 q2, [r5, " at)                                                                                       \
    LINE(multiply ".s8 r6, q3, q1")                                                                                    \
    LINE(multiply ".s8 r8, q2, q0")
#define BLOCK_LAST(multiply) LINE(multiply ".s8 r10, q2, q1")
#define BLOCK_OF(multiply, at) LOAD_EVEN BLOCK_MOST(multiply, at) BLOCK_LAST(multiply)

/* The last block of a depth that is no multiple of 16: the loads stop at the end of the pixel. */
#define TAIL_BLOCK(at)                                                                                                 \
    LINE("vldrb.8 q1, [r7], #16")                                                                                      \
    LINE("vpstt")                                                                                                      \
    LINE("vldrbt.u8 q2, [r1, " at)                                                                                     \
    LINE("vldrbt.u8 q3, [r3, " at)                                                                                     \
    LINE("vmladava.s8 r0, q2, q1")                                                                                     \
    LINE("vldrb.8 q0, [r7], #16")                                                                                      \
    LINE("vmladava.s8 r2, q2, q0")                                                                                     \
    LINE("vpst")                                                                                                       \
    LINE("vldrbt.u8 q2, [r5, " at)                                                                                     \
    LINE("vmladava.s8 r4, q3, q1")                                                                                     \
    LINE("vmladava.s8 r6, q3, q0")                                                                                     \
    LINE("vmladava.s8 r8, q2, q1")                                                                                     \
    LINE("vmladava.s8 r10, q2, q0")

#define STORE_PAIR                                                                                                     \
    LINE("strd r4, r6, [r9, #384]")                                                                                    \
    LINE("strd r8, r10, [r9, #768]")                                                                                   \
    LINE("strd r0, r2, [r9], #8")

/* Any depth of at least 16: first block, double blocks, then what is left over: `rest`. */
#define GEMM_DEEP(rest)                                                                                                \
    ENTER                                                                                                              \
    LINE("1:")                                                                                                         \
    BLOCK_OF("vmladav", "#0]")                                                                                         \
    LINE("wls lr, r11, 3f")                                                                                            \
    LINE("2:")                                                                                                         \
    LOAD_EVEN                                                                                                          \
    BLOCK_MOST("vmladava", "#16]!")                                                                                    \
    LOAD_EVEN                                                                                                          \
    BLOCK_LAST("vmladava")                                                                                             \
    BLOCK_MOST("vmladava", "#16]!")                                                                                    \
    BLOCK_LAST("vmladava")                                                                                             \
    LINE("le lr, 2b")                                                                                                  \
    LINE("3:")                                                                                                         \
    rest                                                                                                               \
    LINE("sub r1, r1, r11, lsl #5")                                                                                    \
    LINE("sub r3, r3, r11, lsl #5")                                                                                    \
    LINE("sub r5, r5, r11, lsl #5")                                                                                    \
    STORE_PAIR                                                                                                         \
    LINE("subs r12, r12, #1")                                                                                          \
    LINE("bne.w 1b")                                                                                                   \
    LINE("pop {r4-r11, pc}")

ASSEMBLY(gemm_deep, GEMM_DEEP(""))
ASSEMBLY(gemm_deep_odd, GEMM_DEEP(BLOCK_OF("vmladava", "#16]")))
ASSEMBLY(gemm_deep_tail, GEMM_DEEP(TAIL_BLOCK("#16]")))
ASSEMBLY(gemm_deep_odd_tail, GEMM_DEEP(BLOCK_OF("vmladava", "#16]") TAIL_BLOCK("#32]")))

/* 3 to 16 full blocks: all in a row, so that pixels need no stepping back. Addresses are 127 bytes ahead: a load
 * reaches 127 bytes to either side. */
#define MORE_BLOCK(at) LOAD_EVEN BLOCK_LAST("vmladava") BLOCK_MOST("vmladava", at)
#define BLOCKS_2                                                                                                       \
    LOAD_EVEN BLOCK_MOST("vmladav", "#-127]") LOAD_EVEN BLOCK_LAST("vmladav") BLOCK_MOST("vmladava", "#-111]")
#define BLOCKS_3 BLOCKS_2 MORE_BLOCK("#-95]")
#define BLOCKS_4 BLOCKS_3 MORE_BLOCK("#-79]")
#define BLOCKS_5 BLOCKS_4 MORE_BLOCK("#-63]")
#define BLOCKS_6 BLOCKS_5 MORE_BLOCK("#-47]")
#define BLOCKS_7 BLOCKS_6 MORE_BLOCK("#-31]")
#define BLOCKS_8 BLOCKS_7 MORE_BLOCK("#-15]")
#define BLOCKS_9 BLOCKS_8 MORE_BLOCK("#1]")
#define BLOCKS_10 BLOCKS_9 MORE_BLOCK("#17]")
#define BLOCKS_11 BLOCKS_10 MORE_BLOCK("#33]")
#define BLOCKS_12 BLOCKS_11 MORE_BLOCK("#49]")
#define BLOCKS_13 BLOCKS_12 MORE_BLOCK("#65]")
#define BLOCKS_14 BLOCKS_13 MORE_BLOCK("#81]")
#define BLOCKS_15 BLOCKS_14 MORE_BLOCK("#97]")
#define BLOCKS_16 BLOCKS_15 MORE_BLOCK("#113]")
#define LONGEST_ROW (16 * BLOCK)
#define GEMM_IN_A_ROW(blocks)                                                                                          \
    ENTER                                                                                                              \
    LINE("adds r1, #127")                                                                                              \
    LINE("adds r3, #127")                                                                                              \
    LINE("adds r5, #127")                                                                                              \
    LINE("dls lr, r12")                                                                                                \
    LINE("1:")                                                                                                         \
    blocks                                                                                                             \
    BLOCK_LAST("vmladava")                                                                                             \
    STORE_PAIR                                                                                                         \
    LINE("le lr, 1b")                                                                                                  \
    LINE("pop {r4-r11, pc}")

ASSEMBLY(gemm_3_blocks, GEMM_IN_A_ROW(BLOCKS_3))
ASSEMBLY(gemm_4_blocks, GEMM_IN_A_ROW(BLOCKS_4))
ASSEMBLY(gemm_5_blocks, GEMM_IN_A_ROW(BLOCKS_5))
ASSEMBLY(gemm_6_blocks, GEMM_IN_A_ROW(BLOCKS_6))
ASSEMBLY(gemm_7_blocks, GEMM_IN_A_ROW(BLOCKS_7))
ASSEMBLY(gemm_8_blocks, GEMM_IN_A_ROW(BLOCKS_8))
ASSEMBLY(gemm_9_blocks, GEMM_IN_A_ROW(BLOCKS_9))
ASSEMBLY(gemm_10_blocks, GEMM_IN_A_ROW(BLOCKS_10))
ASSEMBLY(gemm_11_blocks, GEMM_IN_A_ROW(BLOCKS_11))
ASSEMBLY(gemm_12_blocks, GEMM_IN_A_ROW(BLOCKS_12))
ASSEMBLY(gemm_13_blocks, GEMM_IN_A_ROW(BLOCKS_13))
ASSEMBLY(gemm_14_blocks, GEMM_IN_A_ROW(BLOCKS_14))
ASSEMBLY(gemm_15_blocks, GEMM_IN_A_ROW(BLOCKS_15))
ASSEMBLY(gemm_16_blocks, GEMM_IN_A_ROW(BLOCKS_16))

/* A depth of up to 16: the pixels stay in q5, q6, q7. Two pairs a round. The first store moves r9 on by the 8 bytes of
 * a pair, so the other pixels' accumulators are 384 - 8 and 768 - 8 bytes from there. */
#define SHALLOW_PAIR(even, odd)                                                                                        \
    LINE("vldrb.8 " even ", [r7], #16")                                                                                \
    LINE("vmladav.s8 r0, q5, " even)                                                                                   \
    LINE("vldrb.8 " odd ", [r7], #16")                                                                                 \
    LINE("vmladav.s8 r2, q5, " odd)                                                                                    \
    LINE("vmladav.s8 r4, q6, " even)                                                                                   \
    LINE("vmladav.s8 r6, q6, " odd)                                                                                    \
    LINE("strd r0, r2, [r9], #8")                                                                                      \
    LINE("vmladav.s8 r8, q7, " even)                                                                                   \
    LINE("strd r4, r6, [r9, #376]")                                                                                    \
    LINE("vmladav.s8 r10, q7, " odd)                                                                                   \
    LINE("strd r8, r10, [r9, #760]")

ASSEMBLY(gemm_one_block,
    ENTER
    LINE("vpush {d8-d15}")
    LINE("vpsttt")
    LINE("vldrbt.u8 q5, [r1]")
    LINE("vldrbt.u8 q6, [r3]")
    LINE("vldrbt.u8 q7, [r5]")
    LINE("lsr r12, r12, #1")
    LINE("dls lr, r12")
    LINE("1:")
    SHALLOW_PAIR("q0", "q1")
    SHALLOW_PAIR("q2", "q3")
    LINE("le lr, 1b")
    LINE("vpop {d8-d15}")
    LINE("pop {r4-r11, pc}"))

/* A depth of 17 to 32: the pixels stay in q2 ... q7. */
ASSEMBLY(gemm_two_blocks,
    ENTER
    LINE("vpush {d8-d15}")
    LINE("vldrb.8 q2, [r1]")
    LINE("vldrb.8 q4, [r3]")
    LINE("vldrb.8 q6, [r5]")
    LINE("vpsttt")
    LINE("vldrbt.u8 q3, [r1, #16]")
    LINE("vldrbt.u8 q5, [r3, #16]")
    LINE("vldrbt.u8 q7, [r5, #16]")
    LINE("dls lr, r12")
    LINE("1:")
    LINE("vldrb.8 q0, [r7], #16") /* even channel, first block */
    LINE("vmladav.s8 r0, q2, q0")
    LINE("vmladav.s8 r4, q4, q0")
    LINE("vldrb.8 q1, [r7], #16") /* odd channel, first block */
    LINE("vmladav.s8 r8, q6, q0")
    LINE("vmladav.s8 r2, q2, q1")
    LINE("vldrb.8 q0, [r7], #16") /* even channel, second block */
    LINE("vmladav.s8 r6, q4, q1")
    LINE("vmladav.s8 r10, q6, q1")
    LINE("vmladava.s8 r0, q3, q0")
    LINE("vldrb.8 q1, [r7], #16") /* odd channel, second block */
    LINE("vmladava.s8 r4, q5, q0")
    LINE("vmladava.s8 r8, q7, q0")
    LINE("vmladava.s8 r2, q3, q1")
    LINE("vmladava.s8 r6, q5, q1")
    LINE("vmladava.s8 r10, q7, q1")
    STORE_PAIR
    LINE("le lr, 1b")
    LINE("vpop {d8-d15}")
    LINE("pop {r4-r11, pc}"))

/* One pixel: two pairs of channels at a time, so that one load of the pixel feeds four multiplications.
 * r7, r3: the two pairs' weights; r5: bytes of a pair. */
#define VECTOR_PRODUCTS(multiply)                                                                                      \
    LINE("vldrb.8 q1, [r7], #16")                                                                                      \
    LINE(multiply ".s8 r0, q0, q1")                                                                                    \
    LINE("vldrb.8 q2, [r7], #16")                                                                                      \
    LINE(multiply ".s8 r2, q0, q2")                                                                                    \
    LINE("vldrb.8 q3, [r3], #16")                                                                                      \
    LINE(multiply ".s8 r4, q0, q3")                                                                                    \
    LINE("vldrb.8 q1, [r3], #16")                                                                                      \
    LINE(multiply ".s8 r6, q0, q1")
#define VECTOR_BLOCK(multiply, at) LINE("vldrb.8 q0, [r1, " at) VECTOR_PRODUCTS(multiply)
#define VECTOR_TAIL_BLOCK(at)                                                                                          \
    LINE("vpst")                                                                                                       \
    LINE("vldrbt.u8 q0, [r1, " at)                                                                                     \
    VECTOR_PRODUCTS("vmladava")

#define GEMM_VECTOR(rest)                                                                                              \
    LINE("ldr r2, [r3, #20]")                                                                                          \
    ENTER                                                                                                              \
    LINE("add r3, r7, r5")                                                                                             \
    LINE("1:")                                                                                                         \
    VECTOR_BLOCK("vmladav", "#0]")                                                                                     \
    LINE("wls lr, r11, 3f")                                                                                            \
    LINE("2:")                                                                                                         \
    VECTOR_BLOCK("vmladava", "#16]!")                                                                                  \
    VECTOR_BLOCK("vmladava", "#16]!")                                                                                  \
    LINE("le lr, 2b")                                                                                                  \
    LINE("3:")                                                                                                         \
    rest                                                                                                               \
    LINE("sub r1, r1, r11, lsl #5")                                                                                    \
    LINE("mov r7, r3")                                                                                                 \
    LINE("add r3, r3, r5")                                                                                             \
    LINE("strd r0, r2, [r9], #8")                                                                                      \
    LINE("strd r4, r6, [r9], #8")                                                                                      \
    LINE("subs r12, r12, #2")                                                                                          \
    LINE("bne.w 1b")                                                                                                   \
    LINE("pop {r4-r11, pc}")

ASSEMBLY(gemm_vector, GEMM_VECTOR(""))
ASSEMBLY(gemm_vector_odd, GEMM_VECTOR(VECTOR_BLOCK("vmladava", "#16]")))
ASSEMBLY(gemm_vector_tail, GEMM_VECTOR(VECTOR_TAIL_BLOCK("#16]")))
ASSEMBLY(gemm_vector_odd_tail, GEMM_VECTOR(VECTOR_BLOCK("vmladava", "#16]") VECTOR_TAIL_BLOCK("#32]")))
/* clang-format on */

helium_gemm_function *helium_gemm_three_s8(int32_t depth) {
    if (depth <= 2 * BLOCK) {
        return depth <= BLOCK ? gemm_one_block : gemm_two_blocks;
    }
    const int is_odd = (depth / BLOCK - 1) % 2, has_tail = depth % BLOCK != 0;
    if (!has_tail && depth <= LONGEST_ROW) {
        static helium_gemm_function *const in_a_row[] = {gemm_3_blocks,  gemm_4_blocks,  gemm_5_blocks,  gemm_6_blocks,
                                                         gemm_7_blocks,  gemm_8_blocks,  gemm_9_blocks,  gemm_10_blocks,
                                                         gemm_11_blocks, gemm_12_blocks, gemm_13_blocks, gemm_14_blocks,
                                                         gemm_15_blocks, gemm_16_blocks};
        return in_a_row[depth / BLOCK - 3];
    }
    return is_odd ? (has_tail ? gemm_deep_odd_tail : gemm_deep_odd) : (has_tail ? gemm_deep_tail : gemm_deep);
}

helium_gemm_function *helium_gemm_one_s8(int32_t depth) {
    if (depth <= 2 * BLOCK) {
        return helium_gemm_three_s8(depth);
    }
    const int is_odd = (depth / BLOCK - 1) % 2, has_tail = depth % BLOCK != 0;
    return is_odd ? (has_tail ? gemm_vector_odd_tail : gemm_vector_odd) : (has_tail ? gemm_vector_tail : gemm_vector);
}

#else

#if HELIUM_HOST_VECTORS

#include "gemm_lanes.h"

#else

typedef int8_t gemm_value_t;
#include "gemm_pixel_code.h"

static void gemm_one(const int8_t *pixel0, const int8_t *pixel1, const int8_t *pixel2, const helium_gemm_t *m) {
    (void)pixel1;
    (void)pixel2;
    gemm_pixel(pixel0, m, m->accumulators);
}

static void gemm_three(const int8_t *pixel0, const int8_t *pixel1, const int8_t *pixel2, const helium_gemm_t *m) {
    gemm_pixel(pixel0, m, m->accumulators);
    gemm_pixel(pixel1, m, m->accumulators + HELIUM_GEMM_CHANNELS);
    gemm_pixel(pixel2, m, m->accumulators + 2 * HELIUM_GEMM_CHANNELS);
}

#endif

helium_gemm_function *helium_gemm_three_s8(int32_t depth) {
    (void)depth;
    return gemm_three;
}

helium_gemm_function *helium_gemm_one_s8(int32_t depth) {
    (void)depth;
    return gemm_one;
}

#endif

helium_gemm_t helium_gemm_s8(const int8_t *weights, int32_t depth, int32_t channels, int32_t *accumulators) {
    const int32_t blocks = (depth + BLOCK - 1) / BLOCK, multiple = HELIUM_GEMM_CHANNELS_MULTIPLE;
    return (helium_gemm_t){
        .weights = weights,
        .accumulators = accumulators,
        .pairs = (channels + multiple - 1) / multiple * (multiple / 2),
        .double_blocks = (depth / BLOCK - 1) / 2,
        .last_block = depth - (blocks - 1) * BLOCK,
        .pair_bytes = blocks * 2 * BLOCK,
        .depth = depth,
    };
}
