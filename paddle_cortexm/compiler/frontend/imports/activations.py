"""Unary functions. Hard-swish and hard-sigmoid are written out in Relax's primitive operators; the table
of operators/parts/activation_kinds.py has the patterns that find them again."""

from __future__ import annotations

from typing import Any

from tvm import relax

from paddle_cortexm.compiler.frontend.imports.relax_builder import RelaxBuilder
from paddle_cortexm.compiler.frontend.paddle.program import PaddleOperator


def relu(builder: RelaxBuilder, op: PaddleOperator) -> None:
    _emit(builder, op, relax.op.nn.relu(builder.value(op.input("X"))))


def relu6(builder: RelaxBuilder, op: PaddleOperator) -> None:
    threshold = op.attributes.get("threshold", 6.0)
    if threshold != 6.0:
        raise op.mistake(f"threshold {threshold} is not supported, only 6")
    _emit(builder, op, relax.op.clip(builder.value(op.input("X")), 0.0, 6.0))


def clip(builder: RelaxBuilder, op: PaddleOperator) -> None:
    """clip with constant bounds."""
    if op.has_input("Min") or op.has_input("Max"):
        raise op.mistake("bounds that the program computes are not supported, only attributes")
    low, high = op.attributes["min"], op.attributes["max"]
    _emit(builder, op, relax.op.clip(builder.value(op.input("X")), low, high))


def hard_swish(builder: RelaxBuilder, op: PaddleOperator) -> None:
    """x * clip(x + 3, 0, 6) / 6"""
    given = {name: op.attributes.get(name, value) for name, value in HARD_SWISH.items()}
    if given != HARD_SWISH:
        raise op.mistake(f"{given} is not supported, only {HARD_SWISH}")
    x = builder.value(op.input("X"))
    gate = relax.op.clip(relax.op.add(x, _scalar(3.0)), 0.0, 6.0)
    _emit(builder, op, relax.op.multiply(x, relax.op.multiply(gate, _scalar(1.0 / 6.0))))


HARD_SWISH = {"threshold": 6.0, "scale": 6.0, "offset": 3.0}


def hard_sigmoid(builder: RelaxBuilder, op: PaddleOperator) -> None:
    """clip(slope * x + offset, 0, 1)"""
    scaled = relax.op.multiply(builder.value(op.input("X")), _scalar(op.attributes["slope"]))
    _emit(builder, op, relax.op.clip(relax.op.add(scaled, _scalar(op.attributes["offset"])), 0.0, 1.0))


def softmax(builder: RelaxBuilder, op: PaddleOperator) -> None:
    """Over the channels."""
    source, axis = op.input("X"), op.attributes.get("axis", -1)
    rank = len(builder.shape(source))
    if axis % rank != 1:
        raise op.mistake(f"axis {axis} of a tensor of rank {rank} is not supported, only the channels (axis 1)")
    _emit(builder, op, relax.op.nn.softmax(builder.value(source), axis=-1))


def _emit(builder: RelaxBuilder, op: PaddleOperator, expression: Any) -> None:
    builder.emit(op.output, expression, flattened=builder.flattened(op.input("X")))


def _scalar(value: float) -> Any:
    return relax.const(value, "float32")


IMPORTS = {
    "clip": clip,
    "hard_sigmoid": hard_sigmoid,
    "hard_swish": hard_swish,
    "relu": relu,
    "relu6": relu6,
    "softmax": softmax,
}
