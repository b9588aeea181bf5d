"""What an activation is: one row a kind, with everything that any part of the compiler has to know of it.

A new activation is a row here and a function in frontend/imports/activations.py that writes it in Relax. A row's
functions are given the activation's slope and offset after their own arguments; kinds without parameters ignore them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tvm.relax.dpl import DFPattern, is_const, is_op, wildcard

from paddle_cortexm.compiler.operators.parts.base import EVERYTHING
from paddle_cortexm.compiler.operators.parts.relax_patterns import Matched, clamp_of, constant_scalar
from paddle_cortexm.compiler.tensor import Range
from paddle_cortexm.errors import UserError, nearest

Values = NDArray[np.float64]
Parameters = dict[str, float]  # of an Activation: slope, offset; without one that has its usual value
INFINITY = float("inf")
HARD_SWISH_MINIMUM = -0.375  # at x = -1.5


@dataclass(frozen=True)
class ActivationPattern:
    """How Relax writes an activation of x. parameters: those of a match, None where it is not this activation."""

    x: DFPattern
    pattern: DFPattern
    parameters: Callable[[Matched], Parameters | None]


@dataclass(frozen=True)
class HeliumClamp:
    """For the float kernels, a HELIUM_CLAMP; None where it is open."""

    low: float | None
    high: float | None


@dataclass(frozen=True)
class HeliumRamp:
    """For the float kernels, a helium_activation_kind_t (helium/float_type.h) with a slope and an offset."""

    enumerator: str
    slope: float
    offset: float


@dataclass(frozen=True)
class ActivationKind:
    """One row.

    values: the function in float64, which tables and references are made from; producible: where its results lie;
    distinguishable: the inputs with different results, given the range that these saturate to (or None); patterns: in
    Relax; paddle: of a Paddle tensor, given paddle.nn.functional; expression: of a TVM expression in float32, given
    tvm.te; helium: the float kernels' form, None where they have none and TVM's C is taken.
    """

    name: str
    values: Callable[[Values, float, float], Values]
    producible: Range
    distinguishable: Callable[[Range | None, float, float], Range]
    patterns: Callable[[], tuple[ActivationPattern, ...]]
    paddle: Callable[[Any, Any, float, float], Any]
    expression: Callable[[Any, Any, float, float], Any]
    helium: Callable[[float, float], HeliumClamp | HeliumRamp] | None


def activation_kind(name: str) -> ActivationKind:
    """The row of a kind. Raises UserError for one that is not in the table."""
    for row in ACTIVATION_KINDS:
        if row.name == name:
            return row
    known = [row.name for row in ACTIVATION_KINDS]
    raise UserError(f"activation '{name}' is not known{nearest(name, known)}. Known: {', '.join(known)}")


# --- patterns ---------------------------------------------------------------------------------------------------------


def _call(operator: str) -> ActivationPattern:
    """One call of Relax's operator of that name."""
    x = wildcard()
    return ActivationPattern(x, is_op(operator)(x), lambda matched: {})


def _clip(low: float | None, high: float | None) -> ActivationPattern:
    x = wildcard()
    pattern = is_op("relax.clip")(x, wildcard(), wildcard())
    return ActivationPattern(x, pattern, lambda matched: {} if clamp_of(matched[pattern]) == (low, high) else None)


def _hard_swish() -> tuple[ActivationPattern, ...]:
    """x * (clip(x + 3, 0, 6) * 1/6)"""
    x, offset, factor = wildcard(), is_const(), is_const()
    gate = is_op("relax.clip")(is_op("relax.add")(x, offset), wildcard(), wildcard())

    def parameters(matched: Matched) -> Parameters | None:
        constants = (constant_scalar(matched[offset]), *clamp_of(matched[gate]), constant_scalar(matched[factor]))
        return {} if constants == (3.0, 0.0, 6.0, float(np.float32(1 / 6))) else None

    pattern = is_op("relax.multiply")(x, is_op("relax.multiply")(gate, factor))
    return (ActivationPattern(x, pattern, parameters),)


def _hard_sigmoid() -> tuple[ActivationPattern, ...]:
    """clip(slope * x + offset, 0, 1)"""
    x, slope, offset = wildcard(), is_const(), is_const()
    line = is_op("relax.add")(is_op("relax.multiply")(x, slope), offset)
    pattern = is_op("relax.clip")(line, wildcard(), wildcard())

    def parameters(matched: Matched) -> Parameters | None:
        if clamp_of(matched[pattern]) != (0.0, 1.0):
            return None
        return {"slope": constant_scalar(matched[slope]), "offset": constant_scalar(matched[offset])}

    return (ActivationPattern(x, pattern, parameters),)


# --- rules and expressions that fill no line --------------------------------------------------------------------------


def _hard_swish_inputs(result: Range | None, slope: float, offset: float) -> Range:
    """Hard-swish is 0 below -3, and saturates at the x >= 0 with x * min(x + 3, 6) / 6 = the largest result."""
    if result is None:
        return -3.0, INFINITY
    y = result[1]
    return -3.0, y if y >= 3 else (math.sqrt(9 + 24 * max(y, 0.0)) - 3) / 2


def _constant(te: Any, value: float) -> Any:
    return te.const(float(np.float32(value)), "float32")


def _between(te: Any, x: Any, low: float, high: float) -> Any:
    return te.max(te.min(x, _constant(te, high)), _constant(te, low))


def _hard_swish_expression(te: Any, x: Any, slope: float, offset: float) -> Any:
    return x * _between(te, x + _constant(te, 3), 0, 6) * _constant(te, 1 / 6)


def _hard_sigmoid_expression(te: Any, x: Any, slope: float, offset: float) -> Any:
    return _between(te, x * _constant(te, slope) + _constant(te, offset), 0, 1)


# --- the table --------------------------------------------------------------------------------------------------------

ACTIVATION_KINDS = (
    ActivationKind(
        name="relu",
        values=lambda x, slope, offset: np.maximum(x, 0),
        producible=(0.0, INFINITY),
        distinguishable=lambda result, slope, offset: EVERYTHING,
        patterns=lambda: (_call("relax.nn.relu"), _clip(0.0, None)),
        paddle=lambda functional, x, slope, offset: functional.relu(x),
        expression=lambda te, x, slope, offset: te.max(x, _constant(te, 0)),
        helium=lambda slope, offset: HeliumClamp(0.0, None),
    ),
    ActivationKind(
        name="relu6",
        values=lambda x, slope, offset: np.clip(x, 0, 6),
        producible=(0.0, 6.0),
        distinguishable=lambda result, slope, offset: EVERYTHING,
        patterns=lambda: (_clip(0.0, 6.0),),
        paddle=lambda functional, x, slope, offset: functional.relu6(x),
        expression=lambda te, x, slope, offset: _between(te, x, 0, 6),
        helium=lambda slope, offset: HeliumClamp(0.0, 6.0),
    ),
    ActivationKind(
        name="hard_swish",
        values=lambda x, slope, offset: x * np.clip(x + 3, 0, 6) / 6,
        producible=(HARD_SWISH_MINIMUM, INFINITY),
        distinguishable=_hard_swish_inputs,
        patterns=_hard_swish,
        paddle=lambda functional, x, slope, offset: functional.hardswish(x),
        expression=_hard_swish_expression,
        helium=lambda slope, offset: HeliumRamp("HELIUM_HARD_SWISH", 1 / 6, 0.5),
    ),
    ActivationKind(
        name="hard_sigmoid",
        values=lambda x, slope, offset: np.clip(slope * x + offset, 0, 1),
        producible=(0.0, 1.0),
        distinguishable=lambda result, slope, offset: (-offset / slope, (1 - offset) / slope),
        patterns=_hard_sigmoid,
        paddle=lambda functional, x, slope, offset: functional.hardsigmoid(x, slope=slope, offset=offset),
        expression=_hard_sigmoid_expression,
        helium=lambda slope, offset: HeliumRamp("HELIUM_HARD_SIGMOID", slope, offset),
    ),
)
