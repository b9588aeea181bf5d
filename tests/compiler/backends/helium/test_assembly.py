"""Functions written in assembly give back the registers that are their caller's: r4-r11, d8-d15, sp (AAPCS32)."""

from __future__ import annotations

import numpy as np
import pytest

from paddle_cortexm.compiler.kernels.kernel import Kernel
from tests.compiler.backends.helium.conftest import RunOnHelium
from tests.compiler.backends.helium.rig.cases import Case

# call_checked(call): calls a function with known values in those registers; 0 when all are the same after it.
CALL_CHECKED = r"""
typedef struct {
    void *function;
    const void *argument[4];
} call_t;

__attribute__((naked, noinline)) static int call_checked(const call_t *call __attribute__((unused))) {
    __asm volatile("push {r4-r11, lr}\n vpush {d8-d15}\n sub sp, #4\n"
                   "ldr r12, [r0]\n ldrd r2, r3, [r0, #12]\n ldrd r0, r1, [r0, #4]\n"
                   "mov r4, #104\n mov r5, #105\n mov r6, #106\n mov r7, #107\n"
                   "mov r8, #108\n mov r9, #109\n mov r10, #110\n mov r11, sp\n"
                   "vmov d8, r4, r5\n vmov d9, r6, r7\n vmov d10, r8, r9\n vmov d11, r10, r11\n"
                   "vmov d12, r5, r4\n vmov d13, r7, r6\n vmov d14, r9, r8\n vmov d15, r11, r10\n"
                   "blx r12\n"
                   "movs r0, #0\n"
                   ".macro same register, value\n cmp \\register, \\value\n it ne\n movne r0, #1\n .endm\n"
                   ".macro both pair, low, high\n vmov r1, r2, \\pair\n same r1, \\low\n same r2, \\high\n .endm\n"
                   "same r4, #104\n same r5, #105\n same r6, #106\n same r7, #107\n"
                   "same r8, #108\n same r9, #109\n same r10, #110\n same r11, sp\n"
                   "both d8, r4, r5\n both d9, r6, r7\n both d10, r8, r9\n both d11, r10, r11\n"
                   "both d12, r5, r4\n both d13, r7, r6\n both d14, r9, r8\n both d15, r11, r10\n"
                   ".purgem same\n .purgem both\n"
                   "add sp, #4\n vpop {d8-d15}\n pop {r4-r11, pc}\n");
}
"""

# Every function of gemm_s8.c: depths of one and two blocks, of 3 to 16 whole ones, and all kinds of deeper ones.
DEPTHS = (5, 16, 17, 32, 33, 40, 56, 64, 72, *range(48, 257, 16), 272, 288, 300, 310)
MULTIPLY = f"""
    static const int depths[] = {{{", ".join(map(str, DEPTHS))}}};
    for (unsigned i = 0; i < sizeof depths / sizeof *depths; i++) {{
        const helium_gemm_t m = helium_gemm_s8(input0, depths[i], 8, (int32_t *)(void *)scratch);
        void *const functions[] = {{(void *)helium_gemm_three_s8(depths[i]),
                                   (void *)helium_gemm_one_s8(depths[i])}};
        for (int f = 0; f < 2; f++) {{
            const call_t call = {{functions[f], {{input0, input0, input0, &m}}}};
            if (call_checked(&call)) {{
                return 1;
            }}
        }}
    }}
    output[0] = 1;
"""
FINISH = """
    static const int8_t table[256];
    static const helium_finish_t some[] = {{8, 1, 0, 3, table}, {13, 1, 5, 3, table}, {5, 0, 5, 3, table}};
    for (unsigned i = 0; i < sizeof some / sizeof *some; i++) {
        void *const functions[] = {(void *)helium_finish_three_s8, (void *)helium_finish_three_table_s8};
        for (int f = 0; f < 2; f++) {
            const call_t call = {functions[f], {input0, scratch, scratch + 1200, &some[i]}};
            if (call_checked(&call)) {
                return 1;
            }
        }
    }
    output[0] = 1;
"""
BLOCKS = """
    const helium_float_t *const zeros = (const helium_float_t *)(const void *)input0;
    for (int32_t rest = 0; rest < 8; rest += 7) {
        float_gemm_t m = {.pixel = zeros, .pixel_step = 32, .weights = zeros, .bias = zeros,
                          .output = (helium_float_t *)(void *)scratch, .output_step = 32,
                          .eights = rest == 0, .rest = rest, .blocks = 2};
        const call_t call = {(void *)float_gemm, {&m, NULL, NULL, NULL}};
        if (call_checked(&call)) {
            return 1;
        }
    }
    output[0] = 1;
"""


def case(body: str, functions: str = "", header: str = "finish_s8.h", sources: tuple[str, ...] = ()) -> Case:
    kernel = Kernel(
        "test",
        "test",
        "",
        body,
        scratch_bytes=2048,
        header=header,
        sources=sources,
    )
    return Case(kernel, (np.zeros((1, 1, 1, 4096), np.int8),), (1, 1, 1, 1), functions=CALL_CHECKED + functions)


@pytest.mark.parametrize("body", [MULTIPLY, FINISH], ids=["multiply", "finish"])
def test_integer_assembly_keeps_its_caller_s_registers(body: str, run_on_helium: RunOnHelium) -> None:
    sources = ("app/runtime/helium/gemm_s8.c", "app/runtime/helium/finish_s8.c")
    assert run_on_helium([case(body, sources=sources)])[0].output.item() == 1


@pytest.mark.parametrize("bits", [16, 32])
def test_float_assembly_keeps_its_caller_s_registers(bits: int, run_on_helium: RunOnHelium) -> None:
    block = case(BLOCKS, '#include "float_gemm.h"\n', header=f"kernels_f{bits}.h")
    assert run_on_helium([block])[0].output.item() == 1


@pytest.mark.parametrize("change", ["add r4, #1", "mov r10, #0", "vmov.f32 s16, #1.0", "vmov.f32 s31, #1.0"])
def test_a_changed_register_is_seen(change: str, run_on_helium: RunOnHelium) -> None:
    wrong = f'__attribute__((naked)) static void wrong(void) {{\n    __asm volatile("{change}\\n bx lr");\n}}\n'
    body = (
        "    const call_t call = {(void *)wrong, {input0, input0, input0, input0}};\n    return call_checked(&call);\n"
    )
    with pytest.raises(AssertionError, match="the kernel failed"):
        run_on_helium([case(body, wrong)])
