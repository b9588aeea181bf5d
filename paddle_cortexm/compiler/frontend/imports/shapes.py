"""Movement: reshapes, concat, and what frontend/paddle/movement.py makes of the rest."""

from __future__ import annotations

import numpy as np
from tvm import relax

from paddle_cortexm.compiler.frontend.imports.products import flatten
from paddle_cortexm.compiler.frontend.imports.relax_builder import RelaxBuilder
from paddle_cortexm.compiler.frontend.paddle.movement import CROP, PIXELS, SELECT
from paddle_cortexm.compiler.frontend.paddle.program import PaddleOperator
from paddle_cortexm.compiler.operators.movement.pixels import IN_RELAX as CHOSEN_PIXELS


def reshape(builder: RelaxBuilder, op: PaddleOperator) -> None:
    """The same elements with other axes: in the order of the graph, or an image (1, C, H, W) as a vector."""
    source = op.input("X")
    if not op.attributes["in_order"]:
        flatten(builder, source, op.output)
        return
    if builder.flattened(source) is not None:
        raise op.mistake(f"a flattened image to {builder.shape(op.output)} is not supported")
    builder.emit(op.output, relax.op.reshape(builder.value(source), builder.relax_shape(op.output)))


def concat(builder: RelaxBuilder, op: PaddleOperator) -> None:
    """Tensors behind each other over the channels."""
    sources = op.inputs["X"]
    rank = len(builder.shape(sources[0]))
    axis = op.attributes["axis"] % rank
    channels = builder.program.channel_axis(sources[0])
    if axis != channels or op.has_input("AxisTensor"):
        raise op.mistake(f"axis {axis} of tensors of rank {rank} is not supported, only the channels (axis {channels})")
    if any(builder.is_constant(source) or builder.flattened(source) for source in sources):
        raise op.mistake("constants and flattened images among its inputs are not supported")
    values = [builder.value(source) for source in sources]
    builder.emit(op.output, relax.op.concat(values, axis=len(values[0].ty.shape) - 1))


def channel_select(builder: RelaxBuilder, op: PaddleOperator) -> None:
    """Some channels, in any order."""
    source = builder.value(op.input("X"))
    index = relax.const(builder.program.parameters[op.input("Index")].astype(np.int64))
    builder.emit(op.output, relax.op.take(source, index, axis=len(source.ty.shape) - 1))


def crop(builder: RelaxBuilder, op: PaddleOperator) -> None:
    """Some rows and columns of an image."""
    spans = op.attributes["rows"], op.attributes["columns"]
    begins, ends, steps = ([getattr(span, name) for span in spans] for name in ("start", "stop", "step"))
    builder.emit(op.output, relax.op.strided_slice(builder.value(op.input("X")), [1, 2], begins, ends, steps))


def pixel_select(builder: RelaxBuilder, op: PaddleOperator) -> None:
    """Some pixels, in any order."""
    source, pixels = builder.value(op.input("X")), op.attributes["pixels"]
    made = relax.TensorType((1, *pixels.shape, int(source.ty.shape[3])), "float32")
    chosen = relax.Tuple([source, relax.const(pixels.astype(np.int64))])
    builder.emit(op.output, relax.op.call_dps_packed(CHOSEN_PIXELS, chosen, made))


IMPORTS = {
    SELECT: channel_select,
    "concat": concat,
    CROP: crop,
    PIXELS: pixel_select,
    "reshape2": reshape,
}
