"""Average pools to a size that does not divide the image's: their windows differ in size, and overlap."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tvm.relax.dpl import is_op, wildcard

from paddle_cortexm.compiler.operators.parts.base import FloatOperator, Floats, Int8Array, IntegerOperator, Operator
from paddle_cortexm.compiler.operators.parts.fixed_point import rounded_mean
from paddle_cortexm.compiler.operators.parts.paddle_forms import PaddleForm
from paddle_cortexm.compiler.operators.parts.relax_patterns import Matched, RelaxPattern, pair
from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.compiler.tensor import Grid, Shape


class AdaptivePool(Operator):
    """The mean over rows floor(y * H / height) ... ceil((y + 1) * H / height) - 1, columns likewise. size: the result's
    height and width."""

    size: tuple[int, int]

    @property
    def layer_kind(self) -> str:
        return "pool"

    @property
    def title(self) -> str:
        return f"adaptive average pool to {self.size[0]}×{self.size[1]}"

    def output_shape(self, inputs: Sequence[Shape]) -> Shape:
        return inputs[0][0], *self.size, inputs[0][3]

    def window_over(self, source: Shape) -> Window:
        return Window(kernel=(source[1], source[2]))  # windows of several sizes are in none smaller

    @property
    def outside_value(self) -> int:
        return 0  # never read: the windows are inside


def spans(length: int, pieces: int) -> list[tuple[int, int]]:
    """First and end of each piece of an axis."""
    return [(i * length // pieces, -(-(i + 1) * length // pieces)) for i in range(pieces)]


@dataclass(frozen=True)
class AdaptiveAveragePool(AdaptivePool, FloatOperator):
    """The mean of floats."""

    size: tuple[int, int]

    @property
    def keeps_grid(self) -> bool:
        return True

    def evaluate(self, inputs: Sequence[NDArray[Any]]) -> Floats:
        return _each_window(inputs[0], self.size, lambda sums, count: sums / np.float32(count)).astype(np.float32)

    def in_paddle(self, paddle: Any) -> PaddleForm:
        return lambda inputs: paddle.nn.functional.adaptive_avg_pool2d(inputs[0], list(self.size))

    def integer(
        self, inputs: Sequence[Grid], output: Grid, weight_scales: NDArray[np.float64] | None = None
    ) -> IntegerAdaptiveAveragePool:
        return IntegerAdaptiveAveragePool(self.size)


@dataclass(frozen=True)
class IntegerAdaptiveAveragePool(AdaptivePool, IntegerOperator):
    """The mean of int8 values, rounded half away from zero; input and output share their grid."""

    size: tuple[int, int]

    def evaluate(self, inputs: Sequence[NDArray[Any]]) -> Int8Array:
        return _each_window(inputs[0].astype(np.int64), self.size, rounded_mean).astype(np.int8)


def _each_window(
    x: NDArray[Any], size: tuple[int, int], mean: Callable[[NDArray[Any], int], NDArray[Any]]
) -> NDArray[Any]:
    """mean(sums (N, C), elements) of every window, as (N, height, width, C)."""
    rows, columns = (spans(length, pieces) for length, pieces in zip(x.shape[1:3], size, strict=True))

    def of_window(top: int, bottom: int, left: int, right: int) -> NDArray[Any]:
        return mean(x[:, top:bottom, left:right].sum(axis=(1, 2)), (bottom - top) * (right - left))

    return np.stack([np.stack([of_window(*row, *column) for column in columns], 1) for row in rows], 1)


def _pattern() -> RelaxPattern:
    x = wildcard()
    pattern = is_op("relax.nn.adaptive_avg_pool2d")(x)

    def operator(matched: Matched) -> FloatOperator:
        return AdaptiveAveragePool(pair(matched[pattern].attrs.output_size))

    return RelaxPattern("adaptive average pool", pattern, (x,), operator)


PATTERNS = (_pattern(),)
