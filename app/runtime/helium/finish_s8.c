/* In assembly: the constants of 8 channels stay in six registers for all three pixels, and every address moves on with
 * the load or store that uses it. */
#include "finish_s8.h"

#if HELIUM_MVE

_Static_assert(HELIUM_GEMM_CHANNELS == 96, "the assembly reads a pixel's accumulators 384 bytes apart");
_Static_assert(offsetof(helium_finish_t, table) == 16, "the assembly reads it there");

/* clang-format off */
/* r0: 16 bytes in front of the constants (8 bias, 8 multipliers, 8 shifts; even channels first); r1, r8, r9:
 * accumulators; r2, r4, r5: outputs; lr: groups; r6: rest; r7: zero point; r3: table. */
#define FINISH_ENTER                                                                                                   \
    LINE("push {r4-r9, lr}")                                                                                           \
    LINE("vpush {d8-d15}")                                                                                             \
    LINE("ldrd r5, lr, [r3]")                                                                                          \
    LINE("ldrd r6, r7, [r3, #8]")                                                                                      \
    LINE("add r4, r2, r5")                                                                                             \
    LINE("add r5, r4, r5")                                                                                             \
    LINE("ldr r3, [r3, #16]")                                                                                          \
    LINE("add r8, r1, #384")                                                                                           \
    LINE("add r9, r1, #768")                                                                                           \
    LINE("subs r0, #16")

/* 8 channels of a pixel; the result is in the low bytes of q6's 16-bit lanes. Multiplications, other arithmetic and
 * loads alternate as far as they can: the Cortex-M55 overlaps them. */
#define FINISH_SUMS(from)                                                                                              \
    LINE("vld20.32 {q6, q7}, [" from "]")                                                                              \
    LINE("vld21.32 {q6, q7}, [" from "]!")                                                                             \
    LINE("vadd.i32 q6, q6, q0")                                                                                        \
    LINE("vqdmulh.s32 q6, q6, q2")                                                                                     \
    LINE("vadd.i32 q7, q7, q1")                                                                                        \
    LINE("vrshl.s32 q6, q6, q4")                                                                                       \
    LINE("vqdmulh.s32 q7, q7, q3")                                                                                     \
    LINE("vqmovnb.s32 q6, q6")                                                                                         \
    LINE("vrshl.s32 q7, q7, q5")                                                                                       \
    LINE("vqmovnt.s32 q6, q7")                                                                                         \
    LINE("vqadd.s16 q6, q6, r7")                                                                                       \
    LINE("vqmovnb.s16 q6, q6")

/* The same for the first of the pixels; loads the constants between. */
#define FINISH_FIRST(from)                                                                                             \
    LINE("vld20.32 {q6, q7}, [" from "]")                                                                              \
    LINE("vldrw.32 q0, [r0, #16]")                                                                                     \
    LINE("vld21.32 {q6, q7}, [" from "]!")                                                                             \
    LINE("vadd.i32 q6, q6, q0")                                                                                        \
    LINE("vldrw.32 q2, [r0, #48]")                                                                                     \
    LINE("vqdmulh.s32 q6, q6, q2")                                                                                     \
    LINE("vldrw.32 q1, [r0, #32]")                                                                                     \
    LINE("vadd.i32 q7, q7, q1")                                                                                        \
    LINE("vldrw.32 q4, [r0, #80]")                                                                                     \
    LINE("vrshl.s32 q6, q6, q4")                                                                                       \
    LINE("vldrw.32 q3, [r0, #64]")                                                                                     \
    LINE("vqdmulh.s32 q7, q7, q3")                                                                                     \
    LINE("vldrw.32 q5, [r0, #96]!")                                                                                    \
    LINE("vqmovnb.s32 q6, q6")                                                                                         \
    LINE("vrshl.s32 q7, q7, q5")                                                                                       \
    LINE("vqmovnt.s32 q6, q7")                                                                                         \
    LINE("vqadd.s16 q6, q6, r7")                                                                                       \
    LINE("vqmovnb.s16 q6, q6")

#define FINISH_LOOK_UP                                                                                                 \
    LINE("vmovlb.u8 q6, q6")                                                                                           \
    LINE("vldrb.u16 q7, [r3, q6]")

#define STORE_ALL(value, to) LINE("vstrb.16 " value ", [" to "], #8")
#define STORE_REST(value, to)                                                                                          \
    LINE("vpst")                                                                                                       \
    LINE("vstrbt.16 " value ", [" to "]")
#define FINISH_PLAIN(sums, from, to, store) sums(from) store("q6", to)
#define FINISH_TABLE(sums, from, to, store) sums(from) FINISH_LOOK_UP store("q7", to)

#define FINISH_GROUP(finish, store)                                                                                    \
    finish(FINISH_FIRST, "r1", "r2", store) finish(FINISH_SUMS, "r8", "r4", store)                                     \
        finish(FINISH_SUMS, "r9", "r5", store)

#define FINISH_THREE(name, finish)                                                                                     \
    __attribute__((naked)) void name(                                                                                  \
        const int32_t *constants __attribute__((unused)), const int32_t *accumulators __attribute__((unused)),         \
        int8_t *output __attribute__((unused)), const helium_finish_t *f __attribute__((unused))) {                    \
        __asm volatile(                                                                                                \
            FINISH_ENTER                                                                                               \
            LINE("wls lr, lr, 2f")                                                                                     \
            LINE("1:")                                                                                                 \
            FINISH_GROUP(finish, STORE_ALL)                                                                            \
            LINE("le lr, 1b")                                                                                          \
            LINE("2:")                                                                                                 \
            LINE("cmp r6, #0")                                                                                         \
            LINE("beq.w 3f")                                                                                           \
            LINE("vctp.16 r6")                                                                                         \
            FINISH_GROUP(finish, STORE_REST)                                                                           \
            LINE("3:")                                                                                                 \
            LINE("vpop {d8-d15}")                                                                                      \
            LINE("pop {r4-r9, pc}"));                                                                                  \
    }

FINISH_THREE(helium_finish_three_s8, FINISH_PLAIN)
FINISH_THREE(helium_finish_three_table_s8, FINISH_TABLE)
/* clang-format on */

#endif
