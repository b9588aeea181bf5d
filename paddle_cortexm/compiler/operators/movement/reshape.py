"""An image as a vector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tvm.relax.dpl import is_op, wildcard

from paddle_cortexm.compiler.operators.parts.base import FloatOperator
from paddle_cortexm.compiler.operators.parts.paddle_forms import PaddleForm, flattened
from paddle_cortexm.compiler.operators.parts.relax_patterns import RelaxPattern
from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.compiler.tensor import Grid, Shape


@dataclass(frozen=True)
class Reshape(FloatOperator):
    """The same elements in the same order as a vector (flatten); the same for floats and for integers."""

    @property
    def layer_kind(self) -> str:
        return "reshape"

    @property
    def keeps_grid(self) -> bool:
        return True

    @property
    def only_moves(self) -> bool:
        return True

    def output_shape(self, inputs: Sequence[Shape]) -> Shape:
        return inputs[0][0], 1, 1, prod(inputs[0][1:])

    def window_over(self, source: Shape) -> Window:
        return Window(kernel=(source[1], source[2]))

    @property
    def outside_value(self) -> int:
        return 0  # never read: the window is the image

    def evaluate(self, inputs: Sequence[NDArray[Any]]) -> NDArray[Any]:
        return inputs[0].reshape(len(inputs[0]), 1, 1, -1)

    def in_paddle(self, paddle: Any) -> PaddleForm:
        return lambda inputs: flattened(inputs[0])

    def integer(
        self, inputs: Sequence[Grid], output: Grid, weight_scales: NDArray[np.float64] | None = None
    ) -> Reshape:
        return self


def _pattern() -> RelaxPattern:
    x = wildcard()
    return RelaxPattern("reshape", is_op("relax.reshape")(x, wildcard()), (x,), lambda matched: Reshape())


PATTERNS = (_pattern(),)
