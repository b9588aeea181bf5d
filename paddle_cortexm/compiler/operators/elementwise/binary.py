"""What the operators of two operands share: broadcasting, a constant as one of them, their patterns in Relax."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tvm.relax.dpl import DFPattern, is_const, is_op, wildcard

from paddle_cortexm.compiler.operators.parts.base import (
    Elementwise,
    FloatOperator,
    Floats,
    Int8Array,
    IntegerOperator,
    Operator,
)
from paddle_cortexm.compiler.operators.parts.clamp import Clamp
from paddle_cortexm.compiler.operators.parts.paddle_forms import PaddleForm
from paddle_cortexm.compiler.operators.parts.relax_patterns import (
    Matched,
    RelaxPattern,
    clamp_of,
    constant_array,
    with_clamps,
)
from paddle_cortexm.compiler.tensor import INT8_MAXIMUM, Grid, Range, Shape

Make = Callable[[bool, Clamp], "FloatBinary"]  # whether the operands are exchanged, clamp -> operator


class Binary(Elementwise):
    """An operator of two operands, broadcast as in numpy: along each axis they are of one length, or one has length 1.

    The first has the result's shape wherever one of them has; where the order matters, the operator knows whether they
    were exchanged for that.
    """

    def output_shape(self, inputs: Sequence[Shape]) -> Shape:
        return np.broadcast_shapes(*inputs)


class FloatBinary(Binary, FloatOperator):
    """A Binary of floats."""


@dataclass(frozen=True)
class AnyWithConstant(Elementwise):
    """An operator of two operands of which the second is a constant, (1, H, W, C) or broadcast."""

    operator: Operator
    constant: NDArray[Any]

    @property
    def name(self) -> str:
        return f"{self.operator.name}+constant"

    @property
    def layer_kind(self) -> str:
        return self.operator.layer_kind

    @property
    def plain_constants(self) -> tuple[NDArray[Any], ...]:
        return (self.constant,)

    def output_shape(self, inputs: Sequence[Shape]) -> Shape:
        return self.operator.output_shape((*inputs, self.constant.shape))

    def evaluate(self, inputs: Sequence[NDArray[Any]]) -> NDArray[Any]:
        return self.operator.evaluate((*inputs, self.constant))


@dataclass(frozen=True)
class WithConstant(AnyWithConstant, FloatOperator):
    """Of floats."""

    operator: FloatBinary
    constant: Floats

    @property
    def producible(self) -> Range:
        return self.operator.producible

    def in_paddle(self, paddle: Any) -> PaddleForm:
        form, constant = self.operator.in_paddle(paddle), paddle.to_tensor(self.constant.transpose(0, 3, 1, 2))
        return lambda inputs: form((*inputs, constant))

    def integer(
        self, inputs: Sequence[Grid], output: Grid, weight_scales: NDArray[np.float64] | None = None
    ) -> IntegerWithConstant | None:
        """The constant is on a grid of its own, as weights are: zero point 0, steps of max|constant| / 127."""
        own = Grid(float(np.abs(self.constant).max()) / INT8_MAXIMUM or 1.0, 0)
        twin = self.operator.integer((*inputs, own), output)
        if twin is None:
            return None
        assert isinstance(twin, IntegerOperator)
        return IntegerWithConstant(twin, own.integers(self.constant).astype(np.int8))


@dataclass(frozen=True)
class IntegerWithConstant(AnyWithConstant, IntegerOperator):
    """Of int8."""

    operator: IntegerOperator
    constant: Int8Array


def binary_patterns(name: str, kind: str, make: Make, *, clamps: bool = False) -> tuple[RelaxPattern, ...]:
    """A call of Relax's `kind` with two operands, or with a constant on either side. clamps: also with a clip or relu
    behind it."""
    first, second, constant = wildcard(), wildcard(), is_const()
    body = is_op(kind)(first, second)

    def straight(matched: Matched, clamp: Clamp) -> FloatOperator | None:
        return None if _is_exchanged(matched, first, second) else make(False, clamp)

    def exchanged(matched: Matched, clamp: Clamp) -> FloatOperator | None:
        return make(True, clamp) if _is_exchanged(matched, first, second) else None

    def behind(matched: Matched, clamp: Clamp) -> FloatOperator | None:
        return WithConstant(make(False, clamp), _nhwc(matched[constant]))

    def before(matched: Matched, clamp: Clamp) -> FloatOperator | None:
        return WithConstant(make(True, clamp), _nhwc(matched[constant]))

    forms: tuple[tuple[DFPattern, tuple[DFPattern, ...], Callable[[Matched, Clamp], FloatOperator | None]], ...] = (
        (body, (first, second), straight),
        (body, (second, first), exchanged),
        (is_op(kind)(first, constant), (first,), behind),
        (is_op(kind)(constant, second), (second,), before),
    )
    return tuple(
        pattern
        for end, inputs, operator in forms
        for pattern in (with_clamps(name, end, inputs, operator) if clamps else (_bare(name, end, inputs, operator),))
    )


def _bare(
    name: str,
    end: DFPattern,
    inputs: tuple[DFPattern, ...],
    operator: Callable[[Matched, Clamp], FloatOperator | None],
) -> RelaxPattern:
    return RelaxPattern(name, end, inputs, lambda matched: operator(matched, clamp_of(matched[end])))


def _is_exchanged(matched: Matched, first: DFPattern, second: DFPattern) -> bool:
    """Whether the second operand alone has the result's shape."""
    shapes = [tuple(int(n) for n in matched[operand].ty.shape) for operand in (first, second)]
    return shapes[0] != shapes[1] and shapes[1] == np.broadcast_shapes(*shapes)


def _nhwc(constant: Any) -> Floats:
    """A constant's values with four axes."""
    values = constant_array(constant)
    return values.reshape((1,) * (4 - values.ndim) + values.shape)
