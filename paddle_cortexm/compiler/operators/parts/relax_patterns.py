"""What an operator looks like in Relax: helpers for the patterns that the operators' modules hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from tvm import relax
from tvm.relax.dpl import CallPattern, DFPattern, ExprPattern, is_const, is_op, wildcard

from paddle_cortexm.compiler.operators.parts.base import FloatOperator, Floats
from paddle_cortexm.compiler.operators.parts.clamp import Clamp
from paddle_cortexm.compiler.operators.parts.window import Window

Matched = Mapping[DFPattern, Any]


@dataclass(frozen=True)
class RelaxPattern:
    """A pattern, the wildcards that are the layer's inputs, and the operator of a match (None: it is not one)."""

    name: str
    pattern: DFPattern
    inputs: tuple[DFPattern, ...]
    operator: Callable[[Matched], FloatOperator | None]

    @property
    def calls(self) -> int:
        """How many calls a match covers."""
        return _calls(self.pattern)

    def may_end_in(self, value: Any) -> bool:
        """Whether the pattern's last call is of that operator: quick to tell, unlike a match."""
        last = self.pattern
        if not (isinstance(last, CallPattern) and isinstance(last.op, ExprPattern)):
            return True
        return isinstance(value, relax.Call) and value.op == last.op.expr


def _calls(pattern: DFPattern) -> int:
    return 1 + sum(map(_calls, pattern.args)) if isinstance(pattern, CallPattern) else 0


def with_clamps(
    name: str,
    body: DFPattern,
    inputs: tuple[DFPattern, ...],
    operator: Callable[[Matched, Clamp], FloatOperator | None],
) -> tuple[RelaxPattern, ...]:
    """The body with a fused clip, with a fused relu, and bare; `operator` is given the clamp."""

    def ending_in(end: DFPattern) -> Callable[[Matched], FloatOperator | None]:
        return lambda matched: operator(matched, clamp_of(matched[end]))

    ends = is_op("relax.clip")(body, wildcard(), wildcard()), is_op("relax.nn.relu")(body), body
    return tuple(RelaxPattern(name, end, inputs, ending_in(end)) for end in ends)


def clamp_of(call: Any) -> Clamp:
    """The bounds a fused activation sets; None where it is open."""
    if call.op.name == "relax.nn.relu":
        return 0.0, None
    if call.op.name == "relax.clip":
        low, high = (float(bound.value) for bound in call.args[1:])
        return low if np.isfinite(low) else None, high if np.isfinite(high) else None
    return None, None


def convolution_patterns(
    name: str, make: Callable[[Floats, Floats, Window, Clamp, int], FloatOperator], *, depthwise: bool
) -> tuple[RelaxPattern, ...]:
    """conv2d + bias (+ clip or relu), with one filter a channel (depthwise) or any other groups. make: from weights
    OHWI, bias (O,), window, clamp and groups."""
    source, weight, bias = wildcard(), is_const(), is_const()
    product = is_op("relax.nn.conv2d")(source, weight)

    def operator(matched: Matched, clamp: Clamp) -> FloatOperator | None:
        call = matched[product]
        values, groups = constant_array(matched[weight]), int(call.attrs.groups)
        if (groups > 1 and values.shape[-1] == 1 and len(values) == groups) != depthwise:
            return None
        window = Window(
            pair(values.shape[1:3]), pair(call.attrs.strides), padding(call.attrs.padding), pair(call.attrs.dilation)
        )
        return make(values, constant_array(matched[bias]).reshape(-1), window, clamp, groups)

    return with_clamps(name, is_op("relax.add")(product, bias), (source,), operator)


def pool_pattern(name: str, kind: str, make: Callable[[Window], FloatOperator]) -> RelaxPattern:
    """A pool; kind: Relax's name of it."""
    x = wildcard()
    pattern = is_op(kind)(x)

    def operator(matched: Matched) -> FloatOperator:
        attributes = matched[pattern].attrs
        return make(Window(pair(attributes.pool_size), pair(attributes.strides), padding(attributes.padding)))

    return RelaxPattern(name, pattern, (x,), operator)


def constant_array(constant: Any) -> Floats:
    return np.ascontiguousarray(constant.value.numpy(), np.float32)


def constant_scalar(constant: Any) -> float:
    return float(constant.value.numpy())


def pair(values: Any) -> tuple[int, int]:
    return int(values[0]), int(values[1])


def padding(values: Any) -> tuple[int, int, int, int]:
    top, left, bottom, right = (int(n) for n in values)
    return top, left, bottom, right
