"""Unary functions, by Relax's own operator where it has one; the others are written out in its primitive operators. The
patterns of operators/parts/activation_kinds.py find them again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tvm import relax

from paddle_cortexm.compiler.frontend.imports.relax_builder import RelaxBuilder, constant
from paddle_cortexm.compiler.frontend.paddle.program import PaddleOperator

Import = Callable[[RelaxBuilder, PaddleOperator], None]
HARD_SWISH = {"threshold": 6.0, "scale": 6.0, "offset": 3.0}
SELU = {"scale": 1.0507009873554805, "alpha": 1.6732632423543772}


def _called(operator: Callable[[Any], Any]) -> Import:
    """A Paddle operator that Relax has too."""
    return lambda builder, op: _emit(builder, op, operator(builder.value(op.input("X"))))


def relu6(builder: RelaxBuilder, op: PaddleOperator) -> None:
    """clip(x, 0, threshold). Paddle 3's executor leaves the threshold unread: it is always 6 there."""
    threshold = op.attributes.get("threshold", 6.0)
    _emit(builder, op, relax.op.clip(builder.value(op.input("X")), 0.0, threshold))


def clip(builder: RelaxBuilder, op: PaddleOperator) -> None:
    """clip with constant bounds."""
    if op.has_input("Min") or op.has_input("Max"):
        raise op.mistake("bounds that the program computes are not supported, only attributes")
    low, high = op.attributes["min"], op.attributes["max"]
    _emit(builder, op, relax.op.clip(builder.value(op.input("X")), low, high))


def hard_tanh(builder: RelaxBuilder, op: PaddleOperator) -> None:
    """clip(x, t_min, t_max)"""
    _emit(builder, op, relax.op.clip(builder.value(op.input("X")), op.attributes["t_min"], op.attributes["t_max"]))


def leaky_relu(builder: RelaxBuilder, op: PaddleOperator) -> None:
    """max(x, 0) + alpha * min(x, 0)"""
    _emit(builder, op, relax.op.nn.leakyrelu(builder.value(op.input("X")), op.attributes["alpha"]))


def prelu(builder: RelaxBuilder, op: PaddleOperator) -> None:
    """A leaky relu; its slope is one for all, or one a channel."""
    source, slopes, mode = op.input("X"), builder.parameter(op, "Alpha").reshape(-1), op.attributes["mode"]
    if mode == "element":
        raise op.mistake("a slope for every element (mode 'element') is not supported, only 'all' and 'channel'")
    x = builder.value(source)
    if slopes.size == 1:
        _emit(builder, op, relax.op.nn.leakyrelu(x, float(slopes[0])))
    else:
        in_order = constant(builder.in_element_order(source, slopes))
        _emit(builder, op, relax.op.nn.prelu(x, in_order, axis=len(builder.shape(source)) - 1))


def thresholded_relu(builder: RelaxBuilder, op: PaddleOperator) -> None:
    """x above the threshold, else the value"""
    x, threshold, value = builder.value(op.input("X")), op.attributes["threshold"], op.attributes.get("value", 0.0)
    _emit(builder, op, relax.op.where(relax.op.greater(x, _scalar(threshold)), x, _scalar(value)))


def hard_swish(builder: RelaxBuilder, op: PaddleOperator) -> None:
    """x * clip(x + offset, 0, threshold) / scale. Paddle 3's executor reads none of the three."""
    given = {name: float(op.attributes.get(name, value)) for name, value in HARD_SWISH.items()}
    x = builder.value(op.input("X"))
    gate = relax.op.clip(relax.op.add(x, _scalar(given["offset"])), 0.0, given["threshold"])
    _emit(builder, op, relax.op.multiply(x, relax.op.multiply(gate, _scalar(1.0 / given["scale"]))))


def hard_sigmoid(builder: RelaxBuilder, op: PaddleOperator) -> None:
    """clip(slope * x + offset, 0, 1)"""
    scaled = relax.op.multiply(builder.value(op.input("X")), _scalar(op.attributes["slope"]))
    _emit(builder, op, relax.op.clip(relax.op.add(scaled, _scalar(op.attributes["offset"])), 0.0, 1.0))


def swish(builder: RelaxBuilder, op: PaddleOperator) -> None:
    """x * sigmoid(beta * x)"""
    x, beta = builder.value(op.input("X")), op.attributes.get("beta", 1.0)
    if beta == 1.0:
        _emit(builder, op, relax.op.nn.silu(x))
    else:
        _emit(builder, op, relax.op.multiply(x, relax.op.sigmoid(relax.op.multiply(x, _scalar(beta)))))


def gelu(builder: RelaxBuilder, op: PaddleOperator) -> None:
    function = relax.op.nn.gelu_tanh if op.attributes.get("approximate", False) else relax.op.nn.gelu
    _emit(builder, op, function(builder.value(op.input("X"))))


def elu(builder: RelaxBuilder, op: PaddleOperator) -> None:
    """(max(x, 0) + (exp(min(x, 0)) - 1) * alpha) * scale; only selu has a scale."""
    usual = SELU if op.kind == "selu" else {"scale": 1.0, "alpha": 1.0}
    alpha, scale = (_scalar(op.attributes.get(name, usual[name])) for name in ("alpha", "scale"))
    x = builder.value(op.input("X"))
    below = relax.op.add(relax.op.exp(relax.op.minimum(x, _scalar(0.0))), _scalar(-1.0))
    total = relax.op.add(relax.op.nn.relu(x), relax.op.multiply(below, alpha))
    _emit(builder, op, relax.op.multiply(total, scale))


def mish(builder: RelaxBuilder, op: PaddleOperator) -> None:
    """x * tanh(softplus(x))"""
    x = builder.value(op.input("X"))
    _emit(builder, op, relax.op.multiply(x, relax.op.tanh(relax.op.nn.softplus(x))))


def softplus(builder: RelaxBuilder, op: PaddleOperator) -> None:
    """log(1 + exp(beta * x)) / beta, and x where beta * x is above the threshold."""
    beta, threshold = op.attributes.get("beta", 1.0), op.attributes.get("threshold", 20.0)
    _emit(builder, op, relax.op.nn.softplus(builder.value(op.input("X")), beta, threshold))


def power(builder: RelaxBuilder, op: PaddleOperator) -> None:
    """x to a constant exponent."""
    if op.has_input("FactorTensor"):
        raise op.mistake("an exponent that the program computes is not supported, only an attribute")
    x, exponent = builder.value(op.input("X")), op.attributes["factor"]
    _emit(builder, op, relax.op.square(x) if exponent == 2.0 else relax.op.power(x, _scalar(exponent)))


def reciprocal_root(builder: RelaxBuilder, op: PaddleOperator) -> None:
    """x to the power of -1/2"""
    _emit(builder, op, relax.op.power(builder.value(op.input("X")), _scalar(-0.5)))


def softmax(builder: RelaxBuilder, op: PaddleOperator) -> None:
    """Over the channels."""
    source, axis = op.input("X"), op.attributes.get("axis", -1)
    rank = len(builder.shape(source))
    channels = builder.program.channel_axis(source)
    if axis % rank != channels:
        raise op.mistake(f"axis {axis} of rank {rank} is not supported, only the channels (axis {channels})")
    _emit(builder, op, relax.op.nn.softmax(builder.value(source), axis=-1))


def _emit(builder: RelaxBuilder, op: PaddleOperator, expression: Any) -> None:
    builder.emit(op.output, expression, flattened=builder.flattened(op.input("X")))


def _scalar(value: float) -> Any:
    return relax.const(value, "float32")


IMPORTS: dict[str, Import] = {
    "abs": _called(relax.op.abs),
    "brelu": hard_tanh,
    "clip": clip,
    "elu": elu,
    "exp": _called(relax.op.exp),
    "gelu": gelu,
    "hard_sigmoid": hard_sigmoid,
    "hard_swish": hard_swish,
    "hard_tanh": hard_tanh,
    "leaky_relu": leaky_relu,
    "log": _called(relax.op.log),
    "mish": mish,
    "pow": power,
    "prelu": prelu,
    "relu": _called(relax.op.nn.relu),
    "relu6": relu6,
    "rsqrt": reciprocal_root,
    "selu": elu,
    "sigmoid": _called(relax.op.sigmoid),
    "silu": swish,
    "softmax": softmax,
    "softplus": softplus,
    "sqrt": _called(relax.op.sqrt),
    "square": _called(relax.op.square),
    "swish": swish,
    "tanh": _called(relax.op.tanh),
    "thresholded_relu": thresholded_relu,
}
