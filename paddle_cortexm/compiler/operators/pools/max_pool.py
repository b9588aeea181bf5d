"""Max pools."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.operators.parts.base import FloatOperator, Floats, Int8Array, IntegerOperator
from paddle_cortexm.compiler.operators.parts.paddle_forms import PaddleForm, window_settings
from paddle_cortexm.compiler.operators.parts.pool import Pool
from paddle_cortexm.compiler.operators.parts.relax_patterns import pool_pattern
from paddle_cortexm.compiler.operators.parts.window import Window, windows
from paddle_cortexm.compiler.tensor import INT8_MINIMUM, Grid


@dataclass(frozen=True)
class MaxPool(Pool, FloatOperator):
    """Largest value in the window; padding never wins."""

    word = "max pool"
    window: Window

    @property
    def keeps_grid(self) -> bool:
        return True

    @property
    def only_moves(self) -> bool:
        return True

    def evaluate(self, inputs: Sequence[NDArray[Any]]) -> Floats:
        return windows(inputs[0], self.window, -np.inf).max(axis=(3, 4))

    def in_paddle(self, paddle: Any) -> PaddleForm:
        kernel, settings = list(self.window.kernel), window_settings(self.window)
        return lambda inputs: paddle.nn.functional.max_pool2d(inputs[0], kernel, **settings)

    def integer(
        self, inputs: Sequence[Grid], output: Grid, weight_scales: NDArray[np.float64] | None = None
    ) -> IntegerMaxPool:
        return IntegerMaxPool(self.window)


@dataclass(frozen=True)
class IntegerMaxPool(Pool, IntegerOperator):
    """Largest int8 value in the window; input and output share their grid."""

    word = "max pool"
    window: Window

    @property
    def outside_value(self) -> int:
        return INT8_MINIMUM  # never wins

    def evaluate(self, inputs: Sequence[NDArray[Any]]) -> Int8Array:
        return windows(inputs[0], self.window, INT8_MINIMUM).max(axis=(3, 4)).astype(np.int8)


PATTERNS = (pool_pattern("max pool", "relax.nn.max_pool2d", MaxPool),)
