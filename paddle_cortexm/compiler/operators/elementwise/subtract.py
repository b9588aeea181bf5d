"""The difference of two operands; in integers it is an addition with a negative multiplier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.operators.elementwise.add import IntegerAdd, integer_sum
from paddle_cortexm.compiler.operators.elementwise.binary import FloatBinary, binary_patterns
from paddle_cortexm.compiler.operators.parts.base import Floats
from paddle_cortexm.compiler.operators.parts.clamp import OPEN, Clamp, clamp_range, clamped
from paddle_cortexm.compiler.operators.parts.paddle_forms import PaddleForm, clamped_in_paddle
from paddle_cortexm.compiler.tensor import Grid, Range


@dataclass(frozen=True)
class Subtract(FloatBinary):
    """First operand - second; exchanged: second - first."""

    exchanged: bool = False
    clamp: Clamp = OPEN

    @property
    def layer_kind(self) -> str:
        return "subtract"

    @property
    def producible(self) -> Range:
        return clamp_range(self.clamp)

    def evaluate(self, inputs: Sequence[NDArray[Any]]) -> Floats:
        difference = inputs[0] - inputs[1]
        return clamped(-difference if self.exchanged else difference, self.clamp)

    def in_paddle(self, paddle: Any) -> PaddleForm:
        def difference(inputs: Sequence[Any]) -> Any:
            first, second = reversed(inputs) if self.exchanged else inputs
            return clamped_in_paddle(paddle, first - second, self.clamp)

        return difference

    def integer(
        self, inputs: Sequence[Grid], output: Grid, weight_scales: NDArray[np.float64] | None = None
    ) -> IntegerAdd:
        return integer_sum(inputs, output, self.clamp, (-1, 1) if self.exchanged else (1, -1))


PATTERNS = binary_patterns("subtract", "relax.subtract", Subtract, clamps=True)
