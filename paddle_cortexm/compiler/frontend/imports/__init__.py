"""One small function a Paddle operator; each takes the RelaxBuilder and the operator and emits Relax.

A module ends in `IMPORTS`, the operators it takes.
"""

from __future__ import annotations

from collections.abc import Callable

from paddle_cortexm.compiler.frontend.imports import (
    activations,
    convolutions,
    elementwise,
    pools,
    products,
    resizes,
    shapes,
    tokens,
)
from paddle_cortexm.compiler.frontend.imports.relax_builder import RelaxBuilder
from paddle_cortexm.compiler.frontend.paddle.assignment import ASSIGNMENT
from paddle_cortexm.compiler.frontend.paddle.attention import PRODUCT
from paddle_cortexm.compiler.frontend.paddle.channel_affine import AFFINE
from paddle_cortexm.compiler.frontend.paddle.movement import CROP, PIXELS, SELECT
from paddle_cortexm.compiler.frontend.paddle.moves import MOVES
from paddle_cortexm.compiler.frontend.paddle.program import PaddleOperator, PaddleProgram
from paddle_cortexm.errors import UserError, nearest

OPERATORS: dict[str, Callable[[RelaxBuilder, PaddleOperator], None]] = {
    **activations.IMPORTS,
    **convolutions.IMPORTS,
    **elementwise.IMPORTS,
    **pools.IMPORTS,
    **products.IMPORTS,
    **resizes.IMPORTS,
    **shapes.IMPORTS,
    **tokens.IMPORTS,
}
SIMPLIFIED = ("assign", "batch_norm", "dropout", "scale", "sync_batch_norm")


def check_supported(program: PaddleProgram) -> None:
    """Raises UserError for the first operator without an import, with its tensor and what there is."""
    for op in program.operators:
        check_operator(op)


def check_operator(op: PaddleOperator) -> None:
    """Raises UserError for an operator without an import."""
    _check_kind(op)
    layout = op.attributes.get("data_format") or op.attributes.get("data_layout") or "NCHW"
    if layout not in ("NCHW", "AnyLayout"):
        raise op.mistake(f"data layout {layout} is not supported; export the network with NCHW")


def _check_kind(op: PaddleOperator) -> None:
    supported = sorted({*OPERATORS, *SIMPLIFIED, *MOVES, ASSIGNMENT} - {AFFINE, CROP, PIXELS, PRODUCT, SELECT})
    if op.kind not in supported:
        raise UserError(
            f"operator '{op.kind}' (tensor '{op.output}') is not supported{nearest(op.kind, supported)}. "
            f"Supported: {', '.join(supported)}"
        )
