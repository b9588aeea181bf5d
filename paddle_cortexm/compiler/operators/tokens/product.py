"""Products of two computed tensors, as in attention: matrices inside one with matrices inside the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tvm.relax.dpl import is_const, is_op, is_tuple, wildcard

from paddle_cortexm.compiler.operators.parts.base import (
    FloatOperator,
    Floats,
    Int8Array,
    IntegerOperator,
    Operator,
)
from paddle_cortexm.compiler.operators.parts.paddle_forms import PaddleForm
from paddle_cortexm.compiler.operators.parts.relax_patterns import Matched, RelaxPattern, constant_scalar
from paddle_cortexm.compiler.operators.parts.requantisation import Requantisation, requantisation
from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.compiler.operators.tokens.view import Four, View
from paddle_cortexm.compiler.tensor import Grid, Shape

IN_RELAX = "strided_product"
NUMBERS = 24  # of the shape that tells a product's geometry


@dataclass(frozen=True)
class AnyProduct(Operator):
    """What the twins share. sizes: (groups, heads, rows, columns) of the result; depth: of each sum; first: (group,
    head, row, depth) in the first input; second: (group, head, column, depth) in the second; result: (group, head, row,
    column) in the result, of that shape."""

    sizes: Four
    depth: int
    first: View
    second: View
    result: View
    shape: Shape

    @property
    def layer_kind(self) -> str:
        return "product"

    @property
    def first_sizes(self) -> Four:
        groups, heads, rows, _ = self.sizes
        return groups, heads, rows, self.depth

    @property
    def second_sizes(self) -> Four:
        groups, heads, _, columns = self.sizes
        return groups, heads, columns, self.depth

    def output_shape(self, inputs: Sequence[Shape]) -> Shape:
        return self.shape

    def window_over(self, source: Shape) -> Window:
        return Window(kernel=(source[1], source[2]))

    @property
    def outside_value(self) -> int:
        return 0  # never read: the window is the image

    def macs(self, output: Shape) -> int:
        return prod(self.sizes) * self.depth

    def matrices(self, inputs: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
        """Of a batch of both inputs: (N, groups, heads, rows or columns, depth)."""
        views = (self.first, self.first_sizes), (self.second, self.second_sizes)
        return [x.reshape(len(x), -1)[:, v.positions(s)] for x, (v, s) in zip(inputs, views, strict=True)]

    def placed(self, matrices: NDArray[Any]) -> NDArray[Any]:
        """Matrices (N, groups, heads, rows, columns) as the result has them, (N, H, W, C)."""
        result = np.empty((len(matrices), prod(self.shape)), matrices.dtype)
        result[:, self.result.positions(self.sizes)] = matrices
        return result.reshape(-1, *self.shape[1:])


@dataclass(frozen=True)
class Product(AnyProduct, FloatOperator):
    """The sums times a factor."""

    factor: float = 1.0

    def evaluate(self, inputs: Sequence[NDArray[Any]]) -> Floats:
        first, second = self.matrices(inputs)
        return self.placed((first @ second.swapaxes(-1, -2) * self.factor).astype(np.float32))

    def in_paddle(self, paddle: Any) -> PaddleForm:
        def taken(x: Any, view: View, sizes: Four) -> Any:
            positions = paddle.to_tensor(view.positions(sizes).reshape(-1))
            flat = x.transpose([0, 2, 3, 1]).flatten(1)
            return paddle.index_select(flat, positions, axis=1).reshape([-1, *sizes])

        back = paddle.to_tensor(np.argsort(self.result.positions(self.sizes).reshape(-1)))

        def product(inputs: Sequence[Any]) -> Any:
            first = taken(inputs[0], self.first, self.first_sizes)
            second = taken(inputs[1], self.second, self.second_sizes)
            sums = paddle.matmul(first, second, transpose_y=True) * self.factor
            placed = paddle.index_select(sums.flatten(1), back, axis=1)
            return placed.reshape([-1, *self.shape[1:]]).transpose([0, 3, 1, 2])

        return product

    def integer(
        self, inputs: Sequence[Grid], output: Grid, weight_scales: NDArray[np.float64] | None = None
    ) -> IntegerProduct | None:
        """None where the factor is negative: multipliers are not."""
        if self.factor < 0:
            return None
        scale = np.array([inputs[0].scale * inputs[1].scale * self.factor / output.scale])
        zero_points = inputs[0].zero_point, inputs[1].zero_point
        geometry = self.sizes, self.depth, self.first, self.second, self.result, self.shape
        return IntegerProduct(*geometry, zero_points, requantisation(scale, output))


@dataclass(frozen=True)
class IntegerProduct(AnyProduct, IntegerOperator):
    """accumulator = sum((x0 - zero_points[0]) * (x1 - zero_points[1])), requantised with one scale."""

    zero_points: tuple[int, int]
    requantisation: Requantisation

    def evaluate(self, inputs: Sequence[NDArray[Any]]) -> Int8Array:
        first, second = (
            x.astype(np.int64) - zero for x, zero in zip(self.matrices(inputs), self.zero_points, strict=True)
        )
        return self.placed(self.requantisation.of(first @ second.swapaxes(-1, -2)))


def relax_numbers(operator: AnyProduct) -> tuple[int, ...]:
    """The geometry as a call in Relax has it."""
    views = (operator.first, operator.second, operator.result)
    return (*operator.sizes, operator.depth, *(n for view in views for n in view.numbers), *operator.shape)


def _product(numbers: Sequence[int], factor: float) -> Product:
    sizes, depth, views, shape = numbers[:4], numbers[4], numbers[5:20], numbers[20:NUMBERS]
    first, second, result = (View(views[i], tuple(views[i + 1 : i + 5])) for i in (0, 5, 10))  # type: ignore[arg-type]
    return Product(tuple(sizes), depth, first, second, result, tuple(shape), factor)  # type: ignore[arg-type]


def _pattern() -> RelaxPattern:
    """A call of the extern function, for Relax has no operator with views: (first, second, geometry, factor)."""
    first, second, geometry, factor = wildcard(), wildcard(), wildcard(), is_const()
    pattern = is_op("relax.call_dps_packed")(wildcard(), is_tuple([first, second, geometry, factor]))

    def operator(matched: Matched) -> Product | None:
        if str(matched[pattern].args[0].global_symbol) != IN_RELAX:
            return None
        return _product([int(n) for n in matched[geometry].values], constant_scalar(matched[factor]))

    return RelaxPattern("product", pattern, (first, second), operator)


PATTERNS = (_pattern(),)
