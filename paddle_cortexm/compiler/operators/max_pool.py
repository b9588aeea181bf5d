"""Max pools."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.operators.parts.base import FloatOperator, Floats, Int8Array, IntegerOperator
from paddle_cortexm.compiler.operators.parts.relax_patterns import pool_pattern
from paddle_cortexm.compiler.operators.parts.window import Window, windows
from paddle_cortexm.compiler.tensor import INT8_MINIMUM, Grid, Shape


@dataclass(frozen=True)
class MaxPool(FloatOperator):
    """Largest value in the window; padding never wins."""

    window: Window

    @property
    def layer_kind(self) -> str:
        return "pool"

    @property
    def title(self) -> str:
        return f"max pool {self.window.title}"

    @property
    def keeps_grid(self) -> bool:
        return True

    def output_shape(self, inputs: Sequence[Shape]) -> Shape:
        return self.window.output_shape(inputs[0], inputs[0][-1])

    def evaluate(self, inputs: Sequence[NDArray[Any]]) -> Floats:
        return windows(inputs[0], self.window, -np.inf).max(axis=(3, 4))

    def integer(
        self, inputs: Sequence[Grid], output: Grid, weight_scales: NDArray[np.float64] | None = None
    ) -> IntegerMaxPool:
        return IntegerMaxPool(self.window)


@dataclass(frozen=True)
class IntegerMaxPool(IntegerOperator):
    """Largest int8 value in the window; input and output share their grid."""

    window: Window

    @property
    def layer_kind(self) -> str:
        return "pool"

    @property
    def title(self) -> str:
        return f"max pool {self.window.title}"

    def output_shape(self, inputs: Sequence[Shape]) -> Shape:
        return self.window.output_shape(inputs[0], inputs[0][-1])

    def evaluate(self, inputs: Sequence[NDArray[Any]]) -> Int8Array:
        return windows(inputs[0], self.window, INT8_MINIMUM).max(axis=(3, 4)).astype(np.int8)


PATTERNS = (pool_pattern("max pool", "relax.nn.max_pool2d", MaxPool),)
