"""Arithmetic of two operands: computed tensors, or a tensor and a constant that no layer has taken
(frontend/paddle/channel_affine.py finds those that are one value a channel)."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tvm import relax

from paddle_cortexm.compiler.frontend.imports.relax_builder import RelaxBuilder, constant
from paddle_cortexm.compiler.frontend.paddle.channel_affine import aligned_shape
from paddle_cortexm.compiler.frontend.paddle.layouts import in_graph_order
from paddle_cortexm.compiler.frontend.paddle.program import PaddleOperator, Shape


def arithmetic(builder: RelaxBuilder, op: PaddleOperator) -> None:
    """X and Y, broadcast as in Paddle: the shape of lower rank starts at `axis` of the other (-1: ends at its end)."""
    shapes = _aligned_shapes(builder, op)
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        raise op.mistake(f"the shapes {shapes[0]} and {shapes[1]} do not go together") from None
    ordered = _ordered_as(builder, op)
    x, y = (_operand(builder, op, slot, shape, ordered) for slot, shape in zip("XY", shapes, strict=True))
    order = builder.flattened(ordered) if ordered else None
    builder.emit(op.output, IN_RELAX[op.kind](x, y), flattened=order)


def _aligned_shapes(builder: RelaxBuilder, op: PaddleOperator) -> tuple[Shape, Shape]:
    """The operands' shapes in Paddle's layout, of one rank."""
    x, y = (_shape(builder, op.input(slot)) for slot in "XY")
    rank, axis = max(len(x), len(y)), op.attributes.get("axis", -1)
    x, y = (aligned_shape(shape, rank, axis if len(shape) < rank else -1) for shape in (x, y))
    return x, y


def _shape(builder: RelaxBuilder, tensor: str) -> Shape:
    return builder.program.parameters[tensor].shape if builder.is_constant(tensor) else builder.shape(tensor)


def _operand(builder: RelaxBuilder, op: PaddleOperator, slot: str, aligned: Shape, ordered: str | None) -> Any:
    """An operand in Relax, with that shape as the graph has it. ordered: the tensor whose order of elements a constant
    vector takes."""
    name = op.input(slot)
    if builder.is_constant(name):
        values = _arranged(builder, op, builder.parameter(op, slot).reshape(aligned))
        if ordered and values.size > 1:
            values = builder.in_element_order(ordered, values.reshape(-1)).reshape(values.shape)
        return constant(values)
    shape, value = builder.shape(name), builder.value(name)
    if len(shape) == len(aligned):
        return value
    if max(aligned) != prod(aligned):
        raise op.mistake(f"{shape} together with a tensor of {len(aligned)} axes is not supported, only a vector")
    arranged = _arranged(builder, op, np.empty(aligned, np.bool_)).shape
    return builder.emit(f"{op.output}.{slot.lower()}", relax.op.reshape(value, arranged))


def _arranged(builder: RelaxBuilder, op: PaddleOperator, values: NDArray[Any]) -> NDArray[Any]:
    """An operand of the result's rank as the graph has the result. Groups that become one axis with the heads are
    written out."""
    if builder.is_vector(op.output):
        return values
    channels_last, groups = builder.channels_last(op.output), builder.shape(op.output)[:-2]
    if (channels_last or values.ndim != 4) and prod(values.shape[:-2]) not in (1, prod(groups)):
        values = np.broadcast_to(values, (*groups, *values.shape[-2:]))
    return in_graph_order(values, channels_last)


def _ordered_as(builder: RelaxBuilder, op: PaddleOperator) -> str | None:
    """An operand that is a flattened image, if there is one. Raises UserError when the other's elements stand in
    another order."""
    names = [op.input(slot) for slot in "XY"]
    several = [name for name in names if not builder.is_constant(name) and prod(builder.shape(name)) > 1]
    if len({builder.flattened(name) for name in several}) > 1:
        raise op.mistake("a flattened image together with another vector is not supported")
    return next((name for name in several if builder.flattened(name) is not None), None)


IN_RELAX: dict[str, Callable[[Any, Any], Any]] = {
    "elementwise_add": relax.op.add,
    "elementwise_div": relax.op.divide,
    "elementwise_max": relax.op.maximum,
    "elementwise_min": relax.op.minimum,
    "elementwise_mul": relax.op.multiply,
    "elementwise_sub": relax.op.subtract,
}
IMPORTS = dict.fromkeys(IN_RELAX, arithmetic)
