"""The larger or the smaller of two operands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.operators.elementwise.binary import Binary, FloatBinary, binary_patterns
from paddle_cortexm.compiler.operators.parts.base import Floats, Int8Array, IntegerOperator
from paddle_cortexm.compiler.operators.parts.fixed_point import fixed_point, requantise
from paddle_cortexm.compiler.operators.parts.paddle_forms import PaddleForm
from paddle_cortexm.compiler.tensor import INT8_MAXIMUM, INT8_MINIMUM, Grid

Extreme = Literal["maximum", "minimum"]
LEFT_SHIFT = 22  # head room of the operands: all that a difference of 9 bits leaves of 32


@dataclass(frozen=True)
class Extremum(FloatBinary):
    """The larger or the smaller operand."""

    kind: Extreme

    @property
    def layer_kind(self) -> str:
        return self.kind

    def evaluate(self, inputs: Sequence[NDArray[Any]]) -> Floats:
        return _choose(self.kind, *inputs)

    def in_paddle(self, paddle: Any) -> PaddleForm:
        choose = paddle.maximum if self.kind == "maximum" else paddle.minimum
        return lambda inputs: choose(*inputs)

    def integer(
        self, inputs: Sequence[Grid], output: Grid, weight_scales: NDArray[np.float64] | None = None
    ) -> IntegerExtremum:
        (m0, s0), (m1, s1) = (fixed_point(x.scale / (output.scale * (1 << LEFT_SHIFT))) for x in inputs)
        zero_points = inputs[0].zero_point, inputs[1].zero_point
        return IntegerExtremum(self.kind, zero_points, (m0, m1), (s0, s1), output.zero_point)


@dataclass(frozen=True)
class IntegerExtremum(Binary, IntegerOperator):
    """Both operands are brought to the output's grid, then compared, per element:

    a = requantise((x0 - zero_points[0]) << 22, multipliers[0], shifts[0]); b likewise from x1
    output = clamp(max(a, b) + output_zero_point, -128, 127), or min
    """

    kind: Extreme
    zero_points: tuple[int, int]
    multipliers: tuple[int, int]
    shifts: tuple[int, int]
    output_zero_point: int

    @property
    def layer_kind(self) -> str:
        return self.kind

    def evaluate(self, inputs: Sequence[NDArray[Any]]) -> Int8Array:
        first, second = (
            requantise((x.astype(np.int64) - zero_point) << LEFT_SHIFT, multiplier, shift)
            for x, zero_point, multiplier, shift in zip(
                inputs, self.zero_points, self.multipliers, self.shifts, strict=True
            )
        )
        chosen = _choose(self.kind, first, second) + self.output_zero_point
        return np.clip(chosen, INT8_MINIMUM, INT8_MAXIMUM).astype(np.int8)


def _choose(kind: Extreme, first: NDArray[Any], second: NDArray[Any]) -> NDArray[Any]:
    return np.maximum(first, second) if kind == "maximum" else np.minimum(first, second)


PATTERNS = (
    *binary_patterns("maximum", "relax.maximum", lambda exchanged, clamp: Extremum("maximum")),
    *binary_patterns("minimum", "relax.minimum", lambda exchanged, clamp: Extremum("minimum")),
)
