"""Where a tensor's channels stand, and how its elements stand in the graph, (1, H, W, C).

A tensor of four axes is an image (1, C, H, W) or has its channels last, as what layer norm, softmax over the last axis
and matrix products read and make. Operators that compute element by element hand this on; movement does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import prod
from typing import Any

from numpy.typing import NDArray

from paddle_cortexm.compiler.frontend.paddle.folding import CONVOLUTIONS
from paddle_cortexm.compiler.frontend.paddle.moves import MOVES
from paddle_cortexm.compiler.frontend.paddle.program import PaddleOperator, PaddleProgram, Shape

IMAGES = (*CONVOLUTIONS, "pool2d", "max_pool2d_with_index", "bilinear_interp_v2", "nearest_interp_v2")


def name_layouts(program: PaddleProgram) -> PaddleProgram:
    """The program that knows which tensors have their channels last. Raises UserError for an operator of images that
    would read such a tensor."""
    last = {name for op in program.operators if _is_over_last_axis(program, op) for name in _of_four_axes(program, op)}
    linking = [op for op in program.operators if op.kind not in (*MOVES, *IMAGES)]
    found = 0
    while found != len(last):
        found = len(last)
        for op in linking:
            linked = set(_of_four_axes(program, op))
            last |= linked if linked & last else set()
    for op in program.operators:
        both = last.intersection(_of_four_axes(program, op))
        if op.kind in IMAGES and both:
            raise op.mistake(
                f"'{min(both)}' is an image, but a softmax, layer norm or matrix product takes its last axis as "
                f"channels; transpose it first"
            )
    return replace(program, channels_last=frozenset(last))


def in_graph_order(values: NDArray[Any], channels_last: bool) -> NDArray[Any]:
    """A Paddle tensor's elements as the graph has them, (1, H, W, C): of tokens (P, N, C) the groups are rows, and all
    matrices of scores (1, heads, N, M) too."""
    if values.ndim == 4 and not channels_last:
        return values.transpose(0, 2, 3, 1)
    return values.reshape(shape_in_graph(values.shape, channels_last))


def shape_in_graph(shape: Shape, channels_last: bool) -> Shape:
    """The same of a shape."""
    if len(shape) == 4 and not channels_last:
        return shape[0], shape[2], shape[3], shape[1]
    shape = (1,) * (2 - len(shape)) + shape
    return 1, prod(shape[:-2]), *shape[-2:]


def _is_over_last_axis(program: PaddleProgram, op: PaddleOperator) -> bool:
    rank = len(program.shapes.get(op.output, ()))
    return op.kind in ("layer_norm", "matmul_v2") or (
        op.kind == "softmax" and op.attributes.get("axis", -1) % rank == 3
    )


def _of_four_axes(program: PaddleProgram, op: PaddleOperator) -> Iterator[str]:
    names = (name for slots in (op.inputs, op.outputs) for found in slots.values() for name in found)
    return (name for name in names if name not in program.parameters and len(program.shapes.get(name) or ()) == 4)
