"""What each operator that only moves elements does to an array: of elements, or of their numbers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.frontend.paddle.folding import RESHAPES
from paddle_cortexm.compiler.frontend.paddle.program import PaddleOperator, PaddleProgram

Numbers = NDArray[np.int64]
INPUTS = ("X", "Input", "x")  # what the moved tensor's slot is called


def is_movement(program: PaddleProgram, op: PaddleOperator) -> bool:
    return op.kind in MOVES and moved_tensor(op) not in program.parameters


def computing_readers(program: PaddleProgram, tensor: str) -> list[PaddleOperator]:
    """What reads the tensor and does not only move it."""
    return [op for op in program.readers(tensor) if not is_movement(program, op)]


def moved_tensor(op: PaddleOperator) -> str:
    return next(op.input(slot) for slot in INPUTS if op.has_input(slot))


def results_of(op: PaddleOperator) -> tuple[str, ...]:
    return op.outputs.get("Out") or op.outputs["Y"]


def _reshape(program: PaddleProgram, op: PaddleOperator, x: Numbers) -> list[Numbers]:
    return [x.reshape(program.shapes[op.output])]


def _transpose(program: PaddleProgram, op: PaddleOperator, x: Numbers) -> list[Numbers]:
    return [x.transpose(op.attributes["axis"])]


def _split(program: PaddleProgram, op: PaddleOperator, x: Numbers) -> list[Numbers]:
    """Into parts of the sizes that Paddle found, or of one size: a result that nobody reads has no shape."""
    axis, results = op.attributes["axis"] % x.ndim, results_of(op)
    if op.attributes.get("num"):
        return np.split(x, len(results), axis)
    ends = np.cumsum([program.shapes[result][axis] for result in results])
    return np.split(x, ends[:-1], axis)


def _slice(program: PaddleProgram, op: PaddleOperator, x: Numbers) -> list[Numbers]:
    """slice and strided_slice; a dimension that is dropped has one element."""
    steps = op.attributes.get("strides") or [1] * len(op.attributes["axes"])
    spans = [slice(None)] * x.ndim
    for axis, start, end, step in zip(*(op.attributes[k] for k in ("axes", "starts", "ends")), steps, strict=True):
        spans[axis] = slice(start, None if step < 0 and end < -x.shape[axis] else end, step)
    return [x[tuple(spans)].reshape(program.shapes[op.output])]


def _index_select(program: PaddleProgram, op: PaddleOperator, x: Numbers) -> list[Numbers]:
    """index_select and gather of constant indices."""
    name = op.input("Index")
    if name not in program.parameters:
        raise op.mistake(f"indices that the program computes ('{name}') are not supported, only constants")
    axis = op.attributes.get("dim", op.attributes.get("axis", 0))
    return [np.take(x, program.parameters[name].reshape(-1).astype(np.int64), axis)]


def _flip(program: PaddleProgram, op: PaddleOperator, x: Numbers) -> list[Numbers]:
    return [np.flip(x, tuple(op.attributes["axis"]))]


MOVES: dict[str, Callable[[PaddleProgram, PaddleOperator, Numbers], list[Numbers]]] = {
    **dict.fromkeys(RESHAPES, _reshape),
    "flip": _flip,
    "gather": _index_select,
    "index_select": _index_select,
    "slice": _slice,
    "split": _split,
    "strided_slice": _slice,
    "transpose2": _transpose,
}
