"""Movement: reshapes between images and vectors, concat, and what frontend/paddle/movement.py makes of the rest."""

from __future__ import annotations

import numpy as np
from tvm import relax

from paddle_cortexm.compiler.frontend.imports.products import flatten
from paddle_cortexm.compiler.frontend.imports.relax_builder import RelaxBuilder
from paddle_cortexm.compiler.frontend.paddle.movement import CROP, SELECT
from paddle_cortexm.compiler.frontend.paddle.program import PaddleOperator


def reshape(builder: RelaxBuilder, op: PaddleOperator) -> None:
    """Between (1, C, H, W) and (1, C * H * W), or (1, C) and (1, C, 1, 1)."""
    source = op.input("X")
    before, after = builder.shape(source), builder.shape(op.output)
    if len(before) == 4 and len(after) == 2 and after[0] == 1:
        flatten(builder, source, op.output)
    elif len(before) == 2 and after == (*before, 1, 1) and builder.flattened(source) is None:
        builder.emit(op.output, relax.op.reshape(builder.value(source), (1, 1, 1, before[1])))
    else:
        raise op.mistake(
            f"{before} to {after} is not supported, only (1, C, H, W) to (1, C * H * W) and (1, C) to (1, C, 1, 1)"
        )


def concat(builder: RelaxBuilder, op: PaddleOperator) -> None:
    """Tensors behind each other over the channels."""
    sources = op.inputs["X"]
    rank = len(builder.shape(sources[0]))
    axis = op.attributes["axis"] % rank
    if rank not in (2, 4) or axis != 1 or op.has_input("AxisTensor"):
        raise op.mistake(f"axis {axis} of tensors of rank {rank} is not supported, only the channels (axis 1)")
    if any(builder.is_constant(source) or builder.flattened(source) for source in sources):
        raise op.mistake("constants and flattened images among its inputs are not supported")
    builder.emit(op.output, relax.op.concat([builder.value(source) for source in sources], axis=rank - 1))


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


IMPORTS = {
    SELECT: channel_select,
    "concat": concat,
    CROP: crop,
    "reshape2": reshape,
}
