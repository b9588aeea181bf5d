"""What a layer looks like in Relax: patterns in Relax's pattern language, each with the operator it stands for.

The list is in order of preference: what covers more comes first. compiler/layers_from_relax.py walks a module with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tvm.relax.dpl import DFPattern, is_const, is_op, wildcard

from paddle_cortexm.compiler.graph import (
    Activation,
    Add,
    AveragePool,
    Convolution,
    DepthwiseConvolution,
    FullyConnected,
    MaxPool,
    Multiply,
    Operator,
    Reshape,
    Softmax,
    Window,
)

Clamp = tuple[float | None, float | None]
Floats = NDArray[np.float32]
Matched = Mapping[DFPattern, Any]


@dataclass(frozen=True)
class Composite:
    """A pattern, the wildcards that are the layer's inputs, and the operator of a match (None: it is not one)."""

    name: str
    pattern: DFPattern
    inputs: tuple[DFPattern, ...]
    operator: Callable[[Matched], Operator | None]


def _clamped(body: DFPattern) -> tuple[DFPattern, ...]:
    """The body with a fused clip, with a fused relu, and bare."""
    return is_op("relax.clip")(body, wildcard(), wildcard()), is_op("relax.nn.relu")(body), body


def _clamp(call: Any) -> Clamp:
    """The bounds a fused activation sets; None where it is open."""
    if call.op.name == "relax.nn.relu":
        return 0.0, None
    if call.op.name == "relax.clip":
        low, high = (float(bound.value) for bound in call.args[1:])
        return low if np.isfinite(low) else None, high if np.isfinite(high) else None
    return None, None


def _convolutions() -> list[Composite]:
    """conv2d + bias (+ clip or relu); one filter a channel is depthwise."""
    source, weight, bias = wildcard(), is_const(), is_const()
    product = is_op("relax.nn.conv2d")(source, weight)

    def operator(matched: Matched, end: DFPattern) -> Operator:
        values, call = _array(matched[weight]), matched[product]  # OHWI
        window = Window(_pair(values.shape[1:3]), _pair(call.attrs.strides), _padding(call.attrs.padding))
        offsets, clamp = _array(matched[bias]).reshape(-1), _clamp(matched[end])
        if int(call.attrs.groups) == 1:
            return Convolution(values, offsets, window, clamp)
        return DepthwiseConvolution(np.ascontiguousarray(values[..., 0].transpose(1, 2, 0)), offsets, window, clamp)

    return _with_clamps("convolution", is_op("relax.add")(product, bias), (source,), operator)


def _fully_connected() -> list[Composite]:
    """matmul + bias (+ clip or relu)."""
    source, weight, bias = wildcard(), is_const(), is_const()
    product = is_op("relax.matmul")(source, weight)

    def operator(matched: Matched, end: DFPattern) -> Operator:
        rows = np.ascontiguousarray(_array(matched[weight]).T)  # (inputs, outputs) -> OI
        return FullyConnected(rows, _array(matched[bias]).reshape(-1), _clamp(matched[end]))

    return _with_clamps("fully connected", is_op("relax.add")(product, bias), (source,), operator)


def _add() -> list[Composite]:
    """Residual sum (+ clip or relu)."""
    first, second = wildcard(), wildcard()
    return _with_clamps(
        "add", is_op("relax.add")(first, second), (first, second), lambda matched, end: Add(_clamp(matched[end]))
    )


def _with_clamps(
    name: str, body: DFPattern, inputs: tuple[DFPattern, ...], operator: Callable[[Matched, DFPattern], Operator]
) -> list[Composite]:
    def ending_in(end: DFPattern) -> Callable[[Matched], Operator]:
        return lambda matched: operator(matched, end)

    return [Composite(name, end, inputs, ending_in(end)) for end in _clamped(body)]


def _hard_swish() -> Composite:
    """x * (clip(x + 3, 0, 6) * 1/6)"""
    x, offset, factor = wildcard(), is_const(), is_const()
    gate = is_op("relax.clip")(is_op("relax.add")(x, offset), wildcard(), wildcard())
    pattern = is_op("relax.multiply")(x, is_op("relax.multiply")(gate, factor))

    def operator(matched: Matched) -> Operator | None:
        constants = (_scalar(matched[offset]), *_clamp(matched[gate]), _scalar(matched[factor]))
        return Activation("hard_swish") if constants == (3.0, 0.0, 6.0, float(np.float32(1 / 6))) else None

    return Composite("hard-swish", pattern, (x,), operator)


def _hard_sigmoid() -> Composite:
    """clip(slope * x + offset, 0, 1)"""
    x, slope, offset = wildcard(), is_const(), is_const()
    line = is_op("relax.add")(is_op("relax.multiply")(x, slope), offset)
    pattern = is_op("relax.clip")(line, wildcard(), wildcard())

    def operator(matched: Matched) -> Operator | None:
        if _clamp(matched[pattern]) != (0.0, 1.0):
            return None
        return Activation("hard_sigmoid", _scalar(matched[slope]), _scalar(matched[offset]))

    return Composite("hard-sigmoid", pattern, (x,), operator)


def _lone_clamps() -> list[Composite]:
    """A relu or relu6 whose producer cannot take it."""
    x = wildcard()
    relu, clip = is_op("relax.nn.relu")(x), is_op("relax.clip")(x, wildcard(), wildcard())

    def relu6(matched: Matched) -> Operator | None:
        match _clamp(matched[clip]):
            case (0.0, 6.0):
                return Activation("relu6")
            case (0.0, None):
                return Activation("relu")
        return None

    return [
        Composite("relu", relu, (x,), lambda matched: Activation("relu")),
        Composite("clip to 0 ... 6 or 0 ... inf", clip, (x,), relu6),
    ]


def _pool(name: str, kind: str, make: type[AveragePool] | type[MaxPool]) -> Composite:
    x = wildcard()
    pattern = is_op(kind)(x)

    def operator(matched: Matched) -> Operator:
        attributes = matched[pattern].attrs
        return make(Window(_pair(attributes.pool_size), _pair(attributes.strides), _padding(attributes.padding)))

    return Composite(name, pattern, (x,), operator)


def _single() -> list[Composite]:
    x, y = wildcard(), wildcard()
    return [
        Composite("multiply", is_op("relax.multiply")(x, y), (x, y), lambda matched: Multiply()),
        Composite("softmax", is_op("relax.nn.softmax")(x), (x,), lambda matched: Softmax()),
        Composite("reshape", is_op("relax.reshape")(x, wildcard()), (x,), lambda matched: Reshape()),
    ]


def _array(constant: Any) -> Floats:
    return np.ascontiguousarray(constant.value.numpy(), np.float32)


def _scalar(constant: Any) -> float:
    return float(constant.value.numpy())


def _pair(values: Any) -> tuple[int, int]:
    return int(values[0]), int(values[1])


def _padding(values: Any) -> tuple[int, int, int, int]:
    top, left, bottom, right = (int(n) for n in values)
    return top, left, bottom, right


COMPOSITES: tuple[Composite, ...] = (
    *_convolutions(),
    *_fully_connected(),
    _hard_swish(),
    _hard_sigmoid(),
    *_add(),
    *_lone_clamps(),
    _pool("average pool", "relax.nn.avg_pool2d", AveragePool),
    _pool("max pool", "relax.nn.max_pool2d", MaxPool),
    *_single(),
)
