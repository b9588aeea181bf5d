"""Arithmetic of two computed tensors (with a constant: see frontend/paddle/channel_affine.py)."""

from __future__ import annotations

from tvm import relax

from paddle_cortexm.compiler.frontend.imports.relax_builder import RelaxBuilder
from paddle_cortexm.compiler.frontend.paddle.channel_affine import aligned_shape
from paddle_cortexm.compiler.frontend.paddle.program import PaddleOperator


def add(builder: RelaxBuilder, op: PaddleOperator) -> None:
    """Sum of two tensors of one shape."""
    x, y = op.input("X"), op.input("Y")
    if builder.shape(x) != builder.shape(y):
        raise op.mistake(f"the shapes {builder.shape(x)} and {builder.shape(y)} differ; only equal ones are supported")
    image = _common_order(builder, op)
    builder.emit(op.output, relax.op.add(builder.value(x), builder.value(y)), flattened=image)


def multiply(builder: RelaxBuilder, op: PaddleOperator) -> None:
    """Product of two tensors of one shape, or of an image and one factor a channel, in any order."""
    image, factor = op.input("X"), op.input("Y")
    order = _common_order(builder, op)
    axis = op.attributes.get("axis", -1)
    if len(builder.shape(factor)) > len(builder.shape(image)) or _elements(builder, factor) > _elements(builder, image):
        image, factor, axis = factor, image, -1
    shape = builder.shape(image)
    aligned = aligned_shape(builder.shape(factor), len(shape), axis)
    if aligned not in (shape, (1, shape[1], *(1,) * (len(shape) - 2))):
        raise op.mistake(
            f"the product of {shape} and {aligned} is not supported: shapes must be equal, or the second (1, C, 1, 1)"
        )
    value = builder.value(factor)
    if len(builder.shape(factor)) < len(shape):
        value = builder.emit(f"{op.output}.factor", relax.op.reshape(value, (1, 1, 1, shape[1])))
    builder.emit(op.output, relax.op.multiply(builder.value(image), value), flattened=order)


def _elements(builder: RelaxBuilder, tensor: str) -> int:
    total = 1
    for n in builder.shape(tensor):
        total *= n
    return total


def _common_order(builder: RelaxBuilder, op: PaddleOperator) -> tuple[int, ...] | None:
    """The image both operands were flattened from. Raises UserError when their elements stand in different order."""
    x, y = (builder.flattened(op.input(slot)) for slot in "XY")
    if x != y:
        raise op.mistake("a flattened image together with another vector is not supported")
    return x


IMPORTS = {
    "elementwise_add": add,
    "elementwise_mul": multiply,
}
