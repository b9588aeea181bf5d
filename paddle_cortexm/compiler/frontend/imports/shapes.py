"""Reshapes: images into vectors and vectors into (1, C, 1, 1) images."""

from __future__ import annotations

from tvm import relax

from paddle_cortexm.compiler.frontend.imports.products import flatten
from paddle_cortexm.compiler.frontend.imports.relax_builder import RelaxBuilder
from paddle_cortexm.compiler.frontend.paddle.program import PaddleOperator


def reshape(builder: RelaxBuilder, op: PaddleOperator) -> None:
    """flatten, reshape2, squeeze2, unsqueeze2 between (1, C, H, W) and (1, C * H * W), or (1, C) and (1, C, 1, 1)."""
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


IMPORTS = {
    "flatten2": reshape,
    "flatten_contiguous_range": reshape,
    "reshape2": reshape,
    "squeeze2": reshape,
    "unsqueeze2": reshape,
}
