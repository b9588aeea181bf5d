"""Operators of two operands as tensor expressions, any broadcast."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from tvm import te, tirx

from paddle_cortexm.compiler.backends.tvm.terms import (
    Builder,
    Computation,
    Expression,
    clamped,
    int_constant,
    integer_sum,
    into_steps,
    requantised,
)
from paddle_cortexm.compiler.operators.elementwise.add import Add, IntegerAdd
from paddle_cortexm.compiler.operators.elementwise.binary import IntegerWithConstant, WithConstant
from paddle_cortexm.compiler.operators.elementwise.divide import FRACTION_BITS, Divide, IntegerDivide
from paddle_cortexm.compiler.operators.elementwise.extremum import LEFT_SHIFT, Extreme, Extremum, IntegerExtremum
from paddle_cortexm.compiler.operators.elementwise.multiply import IntegerMultiply, Multiply
from paddle_cortexm.compiler.operators.elementwise.subtract import Subtract
from paddle_cortexm.compiler.operators.parts.base import Operator
from paddle_cortexm.compiler.tensor import INT8_MAXIMUM, INT8_MINIMUM

Pair = Callable[[Expression, Expression], Expression]


def elementwise(b: Builder, operator: Operator) -> Computation | None:
    """The operator of two operands as a tensor expression, or None where there is none."""
    if isinstance(operator, WithConstant | IntegerWithConstant):
        operands = b.inputs[0], b.constant("operand", operator.constant[0])
        operator = operator.operator
    else:
        operands = b.inputs[0], b.inputs[1]
    pair = _pair(b, operator)
    if pair is None:
        return None
    return b.done(lambda y, x, c: pair(_element(operands[0], y, x, c), _element(operands[1], y, x, c)))


def _element(tensor: Any, *place: Any) -> Expression:
    """The element that an operand has at a place of the result."""
    return tensor[tuple(0 if int(length) == 1 else at for length, at in zip(tensor.shape, place, strict=True))]


def _pair(b: Builder, operator: Operator) -> Pair | None:
    """What becomes of an element of each operand."""
    match operator:
        case Add(clamp=clamp):
            return lambda first, second: clamped(first + second, clamp)
        case Subtract(exchanged=exchanged, clamp=clamp):
            return lambda first, second: clamped(second - first if exchanged else first - second, clamp)
        case Multiply():
            return lambda first, second: first * second
        case Divide(exchanged=exchanged):
            return lambda first, second: second / first if exchanged else first / second
        case Extremum(kind=kind):
            return _choice(kind)
        case IntegerAdd():
            return lambda first, second: integer_sum(first, second, operator)
        case IntegerMultiply():
            return _integer_product(operator)
        case IntegerExtremum():
            return _integer_extremum(operator)
        case IntegerDivide():
            return _integer_quotient(b, operator)
    return None


def _choice(kind: Extreme) -> Pair:
    choose: Pair = te.max if kind == "maximum" else te.min
    return choose


def _integer_product(operator: IntegerMultiply) -> Pair:
    r, (first_zero, second_zero) = operator.requantisation, operator.zero_points
    scale = int_constant(r.multiplier[0]), int_constant(r.shift[0])

    def product(first: Expression, second: Expression) -> Expression:
        exact = (first.astype("int32") - first_zero) * (second.astype("int32") - second_zero)
        return into_steps(requantised(exact, *scale), r)

    return product


def _integer_extremum(operator: IntegerExtremum) -> Pair:
    choose, zero_point = _choice(operator.kind), operator.output_zero_point

    def on_grid(x: Expression, i: int) -> Expression:
        shifted = (x.astype("int32") - operator.zero_points[i]) * int_constant(1 << LEFT_SHIFT)
        return requantised(shifted, int_constant(operator.multipliers[i]), int_constant(operator.shifts[i]))

    return lambda first, second: _byte(choose(on_grid(first, 0), on_grid(second, 1)), zero_point)


def _integer_quotient(b: Builder, operator: IntegerDivide) -> Pair:
    reciprocals = b.constant("reciprocals", operator.reciprocals.astype(np.int32), hot=True)
    half = int_constant(1 << (FRACTION_BITS - 1))

    def quotient(first: Expression, second: Expression) -> Expression:
        numerator, denominator = (second, first) if operator.exchanged else (first, second)
        reciprocal = reciprocals[denominator.astype("int32") + 128]
        product = (numerator.astype("int32") - operator.zero_point) * reciprocal + half
        return _byte(tirx.shift_right(product, int_constant(FRACTION_BITS)), operator.output_zero_point)

    return quotient


def _byte(value: Expression, zero_point: int) -> Expression:
    """Moved by the zero point and clamped; clamped first, as the sum of a saturated value and it would overflow."""
    low, high = (int_constant(end - zero_point) for end in (INT8_MINIMUM, INT8_MAXIMUM))
    return (te.max(te.min(value, high), low) + zero_point).astype("int8")
