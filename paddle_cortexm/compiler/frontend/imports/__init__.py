"""One small function a Paddle operator; each takes the RelaxBuilder and the operator and emits Relax."""

from __future__ import annotations

from collections.abc import Callable

from paddle_cortexm.compiler.frontend.channel_affine import AFFINE
from paddle_cortexm.compiler.frontend.imports import activations, convolutions, elementwise, pools, products, shapes
from paddle_cortexm.compiler.frontend.program import PaddleOperator, PaddleProgram
from paddle_cortexm.compiler.frontend.relax_builder import RelaxBuilder
from paddle_cortexm.errors import UserError, nearest

OPERATORS: dict[str, Callable[[RelaxBuilder, PaddleOperator], None]] = {
    AFFINE: convolutions.channel_affine,
    "clip": activations.clip,
    "conv2d": convolutions.convolution,
    "depthwise_conv2d": convolutions.convolution,
    "elementwise_add": elementwise.add,
    "elementwise_mul": elementwise.multiply,
    "flatten2": shapes.reshape,
    "flatten_contiguous_range": shapes.reshape,
    "hard_sigmoid": activations.hard_sigmoid,
    "hard_swish": activations.hard_swish,
    "matmul_v2": products.matrix_product,
    "mul": products.matrix_product,
    "pool2d": pools.pool,
    "reduce_mean": pools.spatial_mean,
    "relu": activations.relu,
    "relu6": activations.relu6,
    "reshape2": shapes.reshape,
    "softmax": activations.softmax,
    "squeeze2": shapes.reshape,
    "unsqueeze2": shapes.reshape,
}
SIMPLIFIED = ("assign", "batch_norm", "dropout", "elementwise_div", "elementwise_sub", "scale", "sync_batch_norm")


def check_supported(program: PaddleProgram) -> None:
    """Raises UserError for the first operator without an import, with its tensor and what there is."""
    for op in program.operators:
        _check_kind(op)
        layout = op.attributes.get("data_format") or op.attributes.get("data_layout") or "NCHW"
        if layout not in ("NCHW", "AnyLayout"):
            raise op.mistake(f"data layout {layout} is not supported; export the network with NCHW")
        constants = [name for names in op.inputs.values() for name in names if name in program.parameters]
        if op.kind in ("elementwise_div", "elementwise_sub") and not constants:
            raise op.mistake("only arithmetic with a constant is supported, not with two computed tensors")


def _check_kind(op: PaddleOperator) -> None:
    supported = sorted({*OPERATORS, *SIMPLIFIED} - {AFFINE})
    if op.kind not in supported:
        raise UserError(
            f"operator '{op.kind}' (tensor '{op.output}') is not supported{nearest(op.kind, supported)}. "
            f"Supported: {', '.join(supported)}"
        )
