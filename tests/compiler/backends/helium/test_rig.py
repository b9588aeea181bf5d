"""The rig itself: it must see what it promises to see."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from paddle_cortexm.compiler.kernels.kernel import Constant, Kernel
from paddle_cortexm.compiler.operators.parts.window import Window
from tests.compiler.backends.helium.conftest import RunOnHelium, RunOnHost
from tests.compiler.backends.helium.rig.cases import Case, Rows

BYTES = np.arange(-20, 20, dtype=np.int8).reshape(1, 5, 2, 4)
COPY = "    for (int i = 0; i < 40; i++) {\n        output[i] = (int8_t)(input0[i] + 1);\n    }"


def case(body: str, **more: object) -> Case:
    return Case(Kernel("test", "test", "", body, **more), (BYTES,), BYTES.shape)  # type: ignore[arg-type]


def test_results_come_back_from_both_machines(run_on_helium: RunOnHelium, run_on_host: RunOnHost) -> None:
    cases = [case(COPY), case(COPY)]
    for results in (run_on_helium(cases), run_on_helium(cases, compiler="gcc"), run_on_host(cases)):
        assert len(results) == 2
        assert all(np.array_equal(result.output, BYTES + 1) for result in results)


def test_instructions_are_exact(run_on_helium: RunOnHelium) -> None:
    ten = '    __asm volatile(".rept 10\\n nop\\n .endr");'
    none, some = run_on_helium([case(COPY), case(COPY + ten)])
    assert some.instructions - none.instructions == 10


WRONG = {
    "reads behind the input": "    output[0] = input0[40];",
    "writes behind the output": "    output[40] = 0;",
    "writes behind the scratch": "    scratch[16] = 0;",
    "writes in front of the output": "    output[-1] = 0;",
    "changes an input": "    ((int8_t *)(uintptr_t)input0)[3] = 77;",
}


@pytest.mark.parametrize("body", WRONG.values(), ids=WRONG.keys())
def test_helium_run_fails_when_a_kernel(body: str, run_on_helium: RunOnHelium) -> None:
    with pytest.raises(AssertionError, match=r"exit 125|wrote (before|in front)|changed an input"):
        run_on_helium([case(body, scratch_bytes=16)])


@pytest.mark.parametrize("body", WRONG.values(), ids=WRONG.keys())
def test_host_run_fails_when_a_kernel(body: str, run_on_host: RunOnHost) -> None:
    with pytest.raises(AssertionError, match=r"AddressSanitizer|wrote (before|in front)|changed an input"):
        run_on_host([case(body, scratch_bytes=16)])


GUARDED_WRONG = {
    "reads in front of the input": "    output[0] = input0[-1];",
    "reads behind its first constant": "    output[0] = $first[16];",
    "reads behind its second constant": "    output[0] = (int8_t)$second[4];",
}


@pytest.mark.parametrize("body", GUARDED_WRONG.values(), ids=GUARDED_WRONG.keys())
def test_guarded_helium_run_fails_when_a_kernel(body: str, run_on_helium: RunOnHelium) -> None:
    constants = (Constant("first", np.arange(16, dtype=np.int8)), Constant("second", np.arange(4, dtype=np.int32)))
    right = body.replace("[-1]", "[0]").replace("[16]", "[15]").replace("[4]", "[3]")
    run_on_helium([replace(case(right, constants=constants), guarded=True)])
    with pytest.raises(AssertionError, match="exit 125"):
        run_on_helium([replace(case(body, constants=constants), guarded=True)])


@pytest.mark.parametrize("guarded", (False, True))
def test_host_run_fails_when_a_kernel_reads_behind_a_constant(guarded: bool, run_on_host: RunOnHost) -> None:
    constants = (Constant("first", np.arange(7, dtype=np.int8)), Constant("second", np.arange(4, dtype=np.int32)))
    read = "    const int8_t *volatile constant = $first;\n    output[0] = constant[%d];\n    (void)$second;\n"
    read += "    (void)input0;"
    run_on_host([replace(case(read % 6, constants=constants), guarded=guarded)])
    with pytest.raises(AssertionError, match="global-buffer-overflow"):
        run_on_host([replace(case(read % 7, constants=constants), guarded=guarded)])


def test_rows_outside_the_image_are_padding(run_on_host: RunOnHost) -> None:
    """Output row y: rows[0] + 2 * rows[2] of a 3-row window at stride 2, padded by 1."""
    body = "    for (int i = 0; i < 8; i++) {\n        output[i] = (int8_t)(rows[0][i] + 2 * rows[2][i]);\n    }"
    kernel = Kernel("test", "test", "", "", row_body=body)
    window = Window((3, 3), (2, 1), (1, 1, 1, 1))
    result = run_on_host([Case(kernel, (BYTES,), (1, 3, 2, 4), rows=Rows(window, outside=-7))])[0]
    padded = np.pad(BYTES[0], ((1, 1), (0, 0), (0, 0)), constant_values=-7)
    assert np.array_equal(result.output[0], padded[0:5:2] + 2 * padded[2:7:2])
