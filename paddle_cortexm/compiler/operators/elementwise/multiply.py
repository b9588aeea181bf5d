"""The product of two operands, as in squeeze-and-excitation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.operators.elementwise.binary import Binary, FloatBinary, binary_patterns
from paddle_cortexm.compiler.operators.parts.base import Floats, Int8Array, IntegerOperator
from paddle_cortexm.compiler.operators.parts.paddle_forms import PaddleForm
from paddle_cortexm.compiler.operators.parts.requantisation import Requantisation, requantisation
from paddle_cortexm.compiler.tensor import Grid


@dataclass(frozen=True)
class Multiply(FloatBinary):
    """Product; in squeeze-and-excitation the second operand is (1, 1, 1, C), one factor a channel."""

    @property
    def layer_kind(self) -> str:
        return "multiply"

    def evaluate(self, inputs: Sequence[NDArray[Any]]) -> Floats:
        return inputs[0] * inputs[1]

    def in_paddle(self, paddle: Any) -> PaddleForm:
        return lambda inputs: inputs[0] * inputs[1]

    def integer(
        self, inputs: Sequence[Grid], output: Grid, weight_scales: NDArray[np.float64] | None = None
    ) -> IntegerMultiply:
        scale = np.array([inputs[0].scale * inputs[1].scale / output.scale])
        return IntegerMultiply((inputs[0].zero_point, inputs[1].zero_point), requantisation(scale, output))


@dataclass(frozen=True)
class IntegerMultiply(Binary, IntegerOperator):
    """accumulator = (x0 - zero_points[0]) * (x1 - zero_points[1])"""

    zero_points: tuple[int, int]
    requantisation: Requantisation

    @property
    def layer_kind(self) -> str:
        return "multiply"

    def evaluate(self, inputs: Sequence[NDArray[Any]]) -> Int8Array:
        first, second = (x.astype(np.int64) - z for x, z in zip(inputs, self.zero_points, strict=True))
        return self.requantisation.of(first * second)


PATTERNS = binary_patterns("multiply", "relax.multiply", lambda exchanged, clamp: Multiply())
