"""What attention needs: layer norm, and products of two computed tensors."""

from __future__ import annotations

import numpy as np
from tvm import relax

from paddle_cortexm.compiler.frontend.imports.relax_builder import RelaxBuilder, constant
from paddle_cortexm.compiler.frontend.paddle.attention import PRODUCT
from paddle_cortexm.compiler.frontend.paddle.program import PaddleOperator
from paddle_cortexm.compiler.operators.tokens.product import IN_RELAX


def layer_norm(builder: RelaxBuilder, op: PaddleOperator) -> None:
    """Over the channels, where they are the last axis."""
    source, rank = op.input("X"), len(builder.shape(op.output))
    if op.attributes["begin_norm_axis"] != rank - 1 or builder.program.channel_axis(source) != rank - 1:
        raise op.mistake(
            f"axes from {op.attributes['begin_norm_axis']} on of rank {rank} are not supported, only the last"
        )
    channels = builder.program.channels(source)
    gain = builder.parameter(op, "Scale") if op.has_input("Scale") else np.ones(channels, np.float32)
    offset = builder.parameter(op, "Bias") if op.has_input("Bias") else np.zeros(channels, np.float32)
    made = relax.op.nn.layer_norm(
        builder.value(source), constant(gain), constant(offset), axes=[-1], epsilon=op.attributes["epsilon"]
    )
    builder.emit(op.output, made)


def product(builder: RelaxBuilder, op: PaddleOperator) -> None:
    """Matrices inside one tensor with matrices inside the other: a call that Relax itself has no operator for."""
    views = [op.attributes[name].numbers for name in ("first", "second", "result")]
    shape = builder.relax_shape(op.output)
    shape = shape if len(shape) == 4 else (1, 1, *shape)
    geometry = [*op.attributes["sizes"], op.attributes["depth"], *(n for view in views for n in view), *shape]
    operands = [builder.value(op.input(slot)) for slot in "XY"]
    factor = relax.const(op.attributes["factor"], "float32")
    arguments = relax.Tuple([*operands, relax.ShapeExpr(geometry), factor])
    builder.emit(op.output, relax.op.call_dps_packed(IN_RELAX, arguments, relax.TensorType(shape, "float32")))


IMPORTS = {
    "layer_norm": layer_norm,
    PRODUCT: product,
}
