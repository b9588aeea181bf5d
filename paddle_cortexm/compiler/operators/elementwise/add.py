"""The sum of two operands: a residual."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.operators.elementwise.binary import Binary, FloatBinary, binary_patterns
from paddle_cortexm.compiler.operators.parts.base import Floats, IntegerOperator, Integers
from paddle_cortexm.compiler.operators.parts.clamp import OPEN, Clamp, clamp_range, clamped, integer_clamp
from paddle_cortexm.compiler.operators.parts.fixed_point import fixed_point, requantise
from paddle_cortexm.compiler.operators.parts.paddle_forms import PaddleForm, clamped_in_paddle
from paddle_cortexm.compiler.tensor import INT8_MAXIMUM, INT8_MINIMUM, Grid, IntegerType, Range

# Head room of the sum's operands. int8: CMSIS-NN's and TFLite's; int16: 15 bits of values leave this much of 32.
LEFT_SHIFT: dict[IntegerType, int] = {"int8": 20, "int16": 16}


@dataclass(frozen=True)
class Add(FloatBinary):
    """Elementwise sum."""

    clamp: Clamp = OPEN

    @property
    def layer_kind(self) -> str:
        return "add"

    @property
    def producible(self) -> Range:
        return clamp_range(self.clamp)

    def evaluate(self, inputs: Sequence[NDArray[Any]]) -> Floats:
        return clamped(inputs[0] + inputs[1], self.clamp)

    def in_paddle(self, paddle: Any) -> PaddleForm:
        return lambda inputs: clamped_in_paddle(paddle, inputs[0] + inputs[1], self.clamp)

    def integer(
        self, inputs: Sequence[Grid], output: Grid, weight_scales: NDArray[np.float64] | None = None
    ) -> IntegerAdd:
        return integer_sum(inputs, output, self.clamp)


@dataclass(frozen=True)
class IntegerAdd(Binary, IntegerOperator):
    """CMSIS-NN's elementwise add, per element:

    a = requantise((x0 - zero_points[0]) << left_shift, multipliers[0], shifts[0]); b likewise from x1
    output = clamp(requantise(a + b, multipliers[2], shifts[2]) + output_zero_point, minimum, maximum)

    The multiplier of an operand that is subtracted is negative.
    dtype: of inputs and output.
    """

    zero_points: tuple[int, int]
    left_shift: int
    multipliers: tuple[int, int, int]
    shifts: tuple[int, int, int]
    output_zero_point: int
    minimum: int = INT8_MINIMUM
    maximum: int = INT8_MAXIMUM
    dtype: IntegerType = "int8"

    @property
    def layer_kind(self) -> str:
        return "add"

    def evaluate(self, inputs: Sequence[NDArray[Any]]) -> Integers:
        first, second = (
            requantise((x.astype(np.int64) - zero_point) << self.left_shift, multiplier, shift)
            for x, zero_point, multiplier, shift in zip(
                inputs, self.zero_points, self.multipliers[:2], self.shifts[:2], strict=True
            )
        )
        total = requantise(first + second, self.multipliers[2], self.shifts[2]) + self.output_zero_point
        return np.clip(total, self.minimum, self.maximum).astype(self.dtype)

    def swapped(self) -> IntegerAdd:
        """The same sum with its two inputs exchanged."""
        (a, b), (m0, m1, m2), (s0, s1, s2) = self.zero_points, self.multipliers, self.shifts
        return replace(self, zero_points=(b, a), multipliers=(m1, m0, m2), shifts=(s1, s0, s2))


def integer_sum(inputs: Sequence[Grid], output: Grid, clamp: Clamp, signs: tuple[int, int] = (1, 1)) -> IntegerAdd:
    """The parameters of CMSIS-NN's and TFLite's add: both inputs are brought to twice the larger scale. Inputs and
    output are of one type. signs: -1 for an operand that is subtracted."""
    a, b = inputs
    assert a.dtype == b.dtype == output.dtype, "an addition of int8 and int16"
    left_shift = LEFT_SHIFT[output.dtype]
    twice_larger = 2 * max(a.scale, b.scale)
    scales = (a.scale / twice_larger, b.scale / twice_larger, twice_larger / ((1 << left_shift) * output.scale))
    pairs = [fixed_point(scale) for scale in scales]
    return IntegerAdd(
        (a.zero_point, b.zero_point),
        left_shift,
        (signs[0] * pairs[0][0], signs[1] * pairs[1][0], pairs[2][0]),
        (pairs[0][1], pairs[1][1], pairs[2][1]),
        output.zero_point,
        *integer_clamp(clamp, output),
        output.dtype,
    )


PATTERNS = binary_patterns("add", "relax.add", lambda exchanged, clamp: Add(clamp), clamps=True)
