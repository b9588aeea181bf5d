"""What tensor expressions are made of: the placeholders of a layer, constants, requantisation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from tvm import te, tirx

from paddle_cortexm.compiler.kernels.kernel import Constant
from paddle_cortexm.compiler.operators.elementwise.add import IntegerAdd
from paddle_cortexm.compiler.operators.parts.clamp import Clamp
from paddle_cortexm.compiler.operators.parts.requantisation import Requantisation
from paddle_cortexm.compiler.tensor import Tensor

Expression = Any


@dataclass(frozen=True)
class Computation:
    """TE tensors of the inputs and constants, in the order of the C parameters, and of the output."""

    inputs: list[Any]
    constants: list[tuple[Constant, Any]]
    output: Any


class Builder:
    """Collects the placeholders of one layer's computation."""

    def __init__(self, inputs: Sequence[Tensor], output: Tensor) -> None:
        self.output_shape = output.shape[1:]
        self.inputs = [te.placeholder(t.shape[1:], t.dtype, f"input{i}") for i, t in enumerate(inputs)]
        self.constants: list[tuple[Constant, Any]] = []

    def constant(self, name: str, values: np.ndarray, *, hot: bool = False) -> Any:
        values = np.ascontiguousarray(values)
        placeholder = te.placeholder(values.shape, values.dtype.name, name)
        self.constants.append((Constant(name, values, "hot" if hot else "weights"), placeholder))
        return placeholder

    def done(self, rule: Any) -> Computation:
        return Computation(self.inputs, self.constants, te.compute(self.output_shape, rule, name="output"))


def float_constant(value: float) -> Expression:
    return tirx.const(float(np.float32(value)), "float32")


def int_constant(value: int, dtype: str = "int32") -> Expression:
    return tirx.const(int(value), dtype)


def clamped(value: Expression, clamp: Clamp) -> Expression:
    low, high = clamp
    value = value if high is None else te.min(value, float_constant(high))
    return value if low is None else te.max(value, float_constant(low))


def requantised(accumulator: Expression, multiplier: Expression, shift: Expression) -> Expression:
    """requantise of operators/parts/requantisation.py: in C, tvm_support.h calls requantise.h."""
    return tirx.call_pure_extern("int32", "tvm_requantise", accumulator, multiplier, shift)


def into_steps(value: Expression, r: Requantisation | IntegerAdd) -> Expression:
    """Zero point and clamp; clamped first, as the sum of a saturated value and a zero point would overflow."""
    low, high = (int_constant(end - r.output_zero_point) for end in (r.minimum, r.maximum))
    return (te.max(te.min(value, high), low) + r.output_zero_point).astype(r.dtype)


def integer_sum(a: Expression, b: Expression, add: IntegerAdd) -> Expression:
    scale = [(int_constant(m), int_constant(s)) for m, s in zip(add.multipliers, add.shifts, strict=True)]
    factor = int_constant(1 << add.left_shift)
    first = requantised((a.astype("int32") - add.zero_points[0]) * factor, *scale[0])
    second = requantised((b.astype("int32") - add.zero_points[1]) * factor, *scale[1])
    return into_steps(requantised(first + second, *scale[2]), add)
