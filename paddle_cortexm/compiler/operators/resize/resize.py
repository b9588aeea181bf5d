"""An image at another size: the nearest pixel, or linear between two rows and two columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from tvm.relax.dpl import is_op, wildcard

from paddle_cortexm.compiler.operators.parts.base import (
    FloatOperator,
    Floats,
    Int8Array,
    Int32Array,
    IntegerOperator,
    Operator,
)
from paddle_cortexm.compiler.operators.parts.paddle_forms import PaddleForm
from paddle_cortexm.compiler.operators.parts.relax_patterns import Matched, RelaxPattern
from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.compiler.tensor import Grid, Shape

Method = Literal["nearest_neighbor", "linear"]  # Relax's names
Coordinates = Literal["half_pixel", "align_corners", "asymmetric"]
WEIGHT_BITS = 7  # of an integer weight: 128 is 1


@dataclass(frozen=True)
class Samples:
    """For each output row (or column) two input rows and the weight of the second, 0 ... 1."""

    first: Int32Array
    second: Int32Array
    weight: Floats

    @property
    def pairs(self) -> Int32Array:
        """(outputs, 2)"""
        return np.stack([self.first, self.second], 1)

    @property
    def integer_weight(self) -> NDArray[np.int16]:
        return np.rint(self.weight * (1 << WEIGHT_BITS)).astype(np.int16)


def samples(length: int, outputs: int, method: Method, coordinates: Coordinates) -> Samples:
    """Where the outputs of an axis come from: Paddle's rules, in its float32."""
    at, corners = np.arange(outputs, dtype=np.float32), coordinates == "align_corners"
    exact = 0.0 if outputs == 1 else (length - 1) / (outputs - 1) if corners else length / outputs
    ratio, half = np.float32(exact), np.float32(0.5)
    position = np.maximum((at + half) * ratio - half, 0) if coordinates == "half_pixel" else at * ratio
    if method == "nearest_neighbor":
        nearest = position + half if corners else position
        first = np.minimum(nearest.astype(np.int32), length - 1)
        return Samples(first, first, np.zeros(outputs, np.float32))
    first = np.minimum(position.astype(np.int32), length - 1)
    return Samples(first, np.minimum(first + 1, length - 1), (position - first).astype(np.float32))


class AnyResize(Operator):
    """What the resizing of floats and of integers share."""

    rows: Samples
    columns: Samples

    @property
    def layer_kind(self) -> str:
        return "resize"

    @property
    def title(self) -> str:
        return f"resize to {len(self.rows.first)}×{len(self.columns.first)}"

    def output_shape(self, inputs: Sequence[Shape]) -> Shape:
        return inputs[0][0], len(self.rows.first), len(self.columns.first), inputs[0][3]

    def window_over(self, source: Shape) -> Window:
        return Window(kernel=(source[1], source[2]))  # rows are sampled at uneven steps

    @property
    def outside_value(self) -> int:
        return 0  # never read: samples are inside


@dataclass(frozen=True)
class Resize(AnyResize, FloatOperator):
    """Linear between two rows, then between two columns; with weights of 0 the pixels alone move."""

    rows: Samples
    columns: Samples

    @property
    def keeps_grid(self) -> bool:
        return True

    @property
    def only_moves(self) -> bool:
        return not (self.rows.weight.any() or self.columns.weight.any())

    def evaluate(self, inputs: Sequence[NDArray[Any]]) -> Floats:
        between = _mixed(inputs[0], self.rows, self.rows.weight, 1, np.float32(1))
        return _mixed(between, self.columns, self.columns.weight, 2, np.float32(1)).astype(np.float32)

    def in_paddle(self, paddle: Any) -> PaddleForm:
        def mixed(x: Any, along: Samples, axis: int) -> Any:
            first, second = (
                paddle.gather(x, paddle.to_tensor(index), axis=axis) for index in (along.first, along.second)
            )
            weight = paddle.to_tensor(along.weight).reshape([-1, 1] if axis == 2 else [1, -1])
            return first + (second - first) * weight

        return lambda inputs: mixed(mixed(inputs[0], self.rows, 2), self.columns, 3)

    def integer(
        self, inputs: Sequence[Grid], output: Grid, weight_scales: NDArray[np.float64] | None = None
    ) -> IntegerResize:
        return IntegerResize(self.rows, self.columns)


@dataclass(frozen=True)
class IntegerResize(AnyResize, IntegerOperator):
    """int8 on one grid, weights in steps of 1/128, rounded once:

    between = (128 - row weight) * x[first row] + row weight * x[second row], and so between two columns
    output = floor(between / 2**14 + 1/2)
    """

    rows: Samples
    columns: Samples

    def evaluate(self, inputs: Sequence[NDArray[Any]]) -> Int8Array:
        one = 1 << WEIGHT_BITS
        between = _mixed(inputs[0].astype(np.int64), self.rows, self.rows.integer_weight, 1, one)
        total = _mixed(between, self.columns, self.columns.integer_weight, 2, one)
        return ((total + (1 << (2 * WEIGHT_BITS - 1))) >> (2 * WEIGHT_BITS)).astype(np.int8)


def _mixed(x: NDArray[Any], along: Samples, weight: NDArray[Any], axis: int, one: Any) -> NDArray[Any]:
    w = weight.reshape((-1,) + (1,) * (3 - axis))
    return np.take(x, along.first, axis) * (one - w) + np.take(x, along.second, axis) * w


def _pattern() -> RelaxPattern:
    x = wildcard()
    pattern = is_op("relax.image.resize2d")(x, wildcard())

    def operator(matched: Matched) -> FloatOperator:
        call = matched[pattern]
        _, *before, _ = (int(n) for n in matched[x].ty.shape)
        _, *after, _ = (int(n) for n in call.ty.shape)
        method, coordinates = str(call.attrs.method), str(call.attrs.coordinate_transformation_mode)
        rows, columns = (samples(n, m, method, coordinates) for n, m in zip(before, after, strict=True))  # type: ignore[arg-type]
        return Resize(rows, columns)

    return RelaxPattern("resize", pattern, (x,), operator)


PATTERNS = (_pattern(),)
