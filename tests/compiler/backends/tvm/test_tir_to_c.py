"""The printer of lowered TIR: constants that read back exactly, parentheses only where C needs them."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tvm import te, tirx

from paddle_cortexm.compiler.backends.tvm.tir_to_c import float_constant, print_c


def printed(rule: object, dtype: str = "float32") -> str:
    """The one statement that stores rule(x) for an element x of `input0`."""
    source = te.placeholder((4,), dtype, "input0")
    result = te.compute((4,), lambda i: rule(source[i]), name="output")  # type: ignore[operator]
    return print_c(te.create_prim_func([source, result])).text.splitlines()[1].strip()


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_a_float_constant_reads_back_to_the_same_bits(value: float) -> None:
    text = float_constant(value).strip("()").removesuffix("f")
    assert np.float32(text).tobytes() == np.float32(value).tobytes()


def test_infinities_are_names_of_c() -> None:
    assert float_constant(float("inf")) == "INFINITY"
    assert float_constant(float("-inf")) == "(-INFINITY)"


def test_parentheses_follow_the_precedence_of_c() -> None:
    assert printed(lambda x: (x + 1.0) * 2.0) == "output[i] = (input0[i] + 1.0f) * 2.0f;"
    assert printed(lambda x: x * 2.0 + 1.0) == "output[i] = input0[i] * 2.0f + 1.0f;"
    assert printed(lambda x: 1.0 - (x - 2.0)) == "output[i] = 1.0f - (input0[i] - 2.0f);"


def test_a_cast_binds_tighter_than_a_product() -> None:
    text = printed(lambda x: (x.astype("int32") * tirx.const(3, "int32")).astype("int8"), "int8")
    assert text == "output[i] = (int8_t)((int32_t)input0[i] * 3);"


def test_constants_are_named_for_the_template() -> None:
    source, weights = te.placeholder((4,), "float32", "input0"), te.placeholder((4,), "float32", "weights")
    result = te.compute((4,), lambda i: source[i] * weights[i], name="output")
    code = print_c(te.create_prim_func([source, weights, result]), ["weights"])
    assert "input0[i] * $weights[i]" in code.text
    assert code.scratch_bytes == 0
