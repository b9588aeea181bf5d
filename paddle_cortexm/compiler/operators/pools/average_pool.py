"""Average pools, global ones included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.operators.parts.base import FloatOperator, Floats, Int8Array, IntegerOperator
from paddle_cortexm.compiler.operators.parts.fixed_point import rounded_mean
from paddle_cortexm.compiler.operators.parts.paddle_forms import PaddleForm, window_settings
from paddle_cortexm.compiler.operators.parts.pool import Pool
from paddle_cortexm.compiler.operators.parts.relax_patterns import pool_pattern
from paddle_cortexm.compiler.operators.parts.window import Window, elements_inside, windows
from paddle_cortexm.compiler.tensor import Grid


@dataclass(frozen=True)
class AveragePool(Pool, FloatOperator):
    """Mean over the window; padding is not counted. A global pool has the input's height and width as kernel."""

    word = "average pool"
    window: Window

    @property
    def keeps_grid(self) -> bool:
        return True

    def evaluate(self, inputs: Sequence[NDArray[Any]]) -> Floats:
        counted = elements_inside(inputs[0], self.window).astype(np.float32)
        return windows(inputs[0], self.window, 0.0).sum(axis=(3, 4)) / counted

    def in_paddle(self, paddle: Any) -> PaddleForm:
        kernel, settings = list(self.window.kernel), window_settings(self.window)

        def mean(inputs: Sequence[Any]) -> Any:
            (x,) = inputs
            if self.window == Window(kernel=tuple(x.shape[2:])):  # global: faster than a pool, and its gradient
                return x.mean(axis=[2, 3], keepdim=True)
            return paddle.nn.functional.avg_pool2d(x, kernel, **settings)

        return mean

    def integer(
        self, inputs: Sequence[Grid], output: Grid, weight_scales: NDArray[np.float64] | None = None
    ) -> IntegerAveragePool:
        return IntegerAveragePool(self.window)


@dataclass(frozen=True)
class IntegerAveragePool(Pool, IntegerOperator):
    """Mean of the int8 values in the window (padding not counted), rounded half away from zero; input and output
    share their grid. This is arm_avgpool_s8."""

    word = "average pool"
    window: Window

    def evaluate(self, inputs: Sequence[NDArray[Any]]) -> Int8Array:
        sums = windows(inputs[0].astype(np.int64), self.window, 0).sum(axis=(3, 4))
        return rounded_mean(sums, elements_inside(inputs[0], self.window)).astype(np.int8)


PATTERNS = (pool_pattern("average pool", "relax.nn.avg_pool2d", AveragePool),)
