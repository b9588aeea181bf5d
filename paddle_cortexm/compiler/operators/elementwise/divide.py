"""The quotient of two operands; in integers the denominator's reciprocal comes from a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.operators.elementwise.binary import Binary, FloatBinary, binary_patterns
from paddle_cortexm.compiler.operators.parts.base import Floats, Int8Array, Int32Array, IntegerOperator
from paddle_cortexm.compiler.operators.parts.paddle_forms import PaddleForm
from paddle_cortexm.compiler.tensor import INT8_MAXIMUM, INT8_MINIMUM, Grid

# A reciprocal has so many fractional bits: 255 times its error of half a step is 1/128 of a step of the output.
FRACTION_BITS = 14
# Beyond it one step of the numerator saturates the output, and 255 steps leave 32 bits alone.
LARGEST_RECIPROCAL = 1 << 22


@dataclass(frozen=True)
class Divide(FloatBinary):
    """First operand / second; exchanged: second / first."""

    exchanged: bool = False

    @property
    def layer_kind(self) -> str:
        return "divide"

    def evaluate(self, inputs: Sequence[NDArray[Any]]) -> Floats:
        numerator, denominator = _ordered(inputs, exchanged=self.exchanged)
        with np.errstate(divide="ignore", invalid="ignore"):
            return (numerator / denominator).astype(np.float32)

    def in_paddle(self, paddle: Any) -> PaddleForm:
        def quotient(inputs: Sequence[Any]) -> Any:
            numerator, denominator = _ordered(inputs, exchanged=self.exchanged)
            return numerator / denominator

        return quotient

    def integer(
        self, inputs: Sequence[Grid], output: Grid, weight_scales: NDArray[np.float64] | None = None
    ) -> IntegerDivide:
        """A denominator of zero has the largest reciprocal: what it divides saturates, and 0 / 0 is 0."""
        numerator, denominator = _ordered(inputs, exchanged=self.exchanged)
        scale = numerator.scale / (denominator.scale * output.scale)
        steps = np.arange(INT8_MINIMUM, INT8_MAXIMUM + 1, dtype=np.float64) - denominator.zero_point
        with np.errstate(divide="ignore"):
            exact = scale * (1 << FRACTION_BITS) / np.abs(steps)
        sizes = np.minimum(np.rint(exact), LARGEST_RECIPROCAL).astype(np.int32)
        reciprocals = np.where(steps < 0, -sizes, sizes)
        return IntegerDivide(numerator.zero_point, reciprocals, output.zero_point, self.exchanged)


@dataclass(frozen=True)
class IntegerDivide(Binary, IntegerOperator):
    """Per element, n the numerator, d the denominator:

    output = clamp(floor((n - zero_point) * reciprocals[d + 128] / 2**14 + 1/2) + output_zero_point, -128, 127)
    """

    zero_point: int
    reciprocals: Int32Array
    output_zero_point: int
    exchanged: bool = False

    @property
    def layer_kind(self) -> str:
        return "divide"

    def evaluate(self, inputs: Sequence[NDArray[Any]]) -> Int8Array:
        numerator, denominator = (x.astype(np.int64) for x in _ordered(inputs, exchanged=self.exchanged))
        product = (numerator - self.zero_point) * self.reciprocals[denominator + 128].astype(np.int64)
        rounded = (product + (1 << (FRACTION_BITS - 1))) >> FRACTION_BITS
        return np.clip(rounded + self.output_zero_point, INT8_MINIMUM, INT8_MAXIMUM).astype(np.int8)


def _ordered(operands: Sequence[Any], *, exchanged: bool) -> tuple[Any, Any]:
    """Numerator and denominator."""
    first, second = operands
    return (second, first) if exchanged else (first, second)


PATTERNS = binary_patterns("divide", "relax.divide", lambda exchanged, clamp: Divide(exchanged))
