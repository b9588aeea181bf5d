"""What operators share that put elements elsewhere and change none: the same for floats and for integers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.operators.parts.base import FloatOperator
from paddle_cortexm.compiler.tensor import Grid


class Moving(FloatOperator):
    """The results are some of the inputs, on their grid."""

    @property
    def keeps_grid(self) -> bool:
        return True

    @property
    def only_moves(self) -> bool:
        return True

    @property
    def outside_value(self) -> int:
        return 0  # never read: the window stays inside the image

    def integer(self, inputs: Sequence[Grid], output: Grid, weight_scales: NDArray[np.float64] | None = None) -> Self:
        return self
