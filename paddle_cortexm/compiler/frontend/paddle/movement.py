"""Operators that only move elements: what a chain of them does in the end, as one operator or two.

A channel shuffle is a reshape to five dimensions, a transposition and a reshape back; a split has several results. Each
chain of such operators is carried out on the numbers of its first tensor's elements; what comes out at its ends says
which channels, rows and columns were taken, and `channel_select` (parameter Index) and `crop` (attributes rows and
columns: first, end, step) say it again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.frontend.paddle.folding import RESHAPES
from paddle_cortexm.compiler.frontend.paddle.program import PaddleOperator, PaddleProgram, Shape

SELECT, CROP = "channel_select", "crop"
Numbers = NDArray[np.int64]
INPUTS = ("X", "Input", "x")  # what the moved tensor's slot is called


@dataclass(frozen=True)
class _Moved:
    """A tensor that movement made: the tensor it comes from, and the number there of each of its elements."""

    source: str
    numbers: Numbers


def plan_movement(program: PaddleProgram) -> PaddleProgram:
    """The program with every chain of movement as a channel_select, a crop, a plain reshape or nothing.

    Raises UserError for a chain that does anything else.
    """
    moved = _moved_tensors(program)
    operators: list[PaddleOperator] = []
    parameters, shapes, renamed = dict(program.parameters), dict(program.shapes), dict[str, str]()
    for op in program.operators:
        if not _is_movement(program, op):
            operators.append(_renamed(op, renamed))
            continue
        for result in _results(op):
            if not _is_needed(program, result):
                continue
            made = _as_operators(program, op, result, moved[result])
            if not made:
                renamed[result] = renamed.get(moved[result].source, moved[result].source)
            for step, values in made:
                operators.append(_renamed(step, renamed))
                parameters |= values
                shapes |= step.attributes.get("shapes", {})
    output = renamed.get(program.output, program.output)
    return replace(program, operators=tuple(operators), parameters=parameters, shapes=shapes, output=output)


# --- which tensors movement makes -------------------------------------------------------------------------------------


def _is_movement(program: PaddleProgram, op: PaddleOperator) -> bool:
    return op.kind in MOVES and _source(op) not in program.parameters


def _source(op: PaddleOperator) -> str:
    return next(op.input(slot) for slot in INPUTS if op.has_input(slot))


def _results(op: PaddleOperator) -> tuple[str, ...]:
    return op.outputs.get("Out") or op.outputs["Y"]


def _is_needed(program: PaddleProgram, tensor: str) -> bool:
    """Whether anything but movement reads the tensor."""
    return tensor == program.output or any(not _is_movement(program, reader) for reader in program.readers(tensor))


def _moved_tensors(program: PaddleProgram) -> dict[str, _Moved]:
    moved: dict[str, _Moved] = {}
    for op in program.operators:
        if _is_movement(program, op):
            source = _source(op)
            before = moved.get(source) or _Moved(source, _numbers(program.shapes[source]))
            for result, numbers in zip(_results(op), MOVES[op.kind](program, op, before.numbers), strict=True):
                moved[result] = _Moved(before.source, numbers)
    return moved


def _numbers(shape: Shape) -> Numbers:
    return np.arange(int(np.prod(shape)), dtype=np.int64).reshape(shape)


def _renamed(op: PaddleOperator, renamed: dict[str, str]) -> PaddleOperator:
    inputs = {slot: tuple(renamed.get(name, name) for name in names) for slot, names in op.inputs.items()}
    return replace(op, inputs=inputs)


# --- what each operator does to numbers -------------------------------------------------------------------------------


def _reshape(program: PaddleProgram, op: PaddleOperator, x: Numbers) -> list[Numbers]:
    return [x.reshape(program.shapes[op.output])]


def _transpose(program: PaddleProgram, op: PaddleOperator, x: Numbers) -> list[Numbers]:
    return [x.transpose(op.attributes["axis"])]


def _split(program: PaddleProgram, op: PaddleOperator, x: Numbers) -> list[Numbers]:
    """Into parts of the sizes that Paddle found."""
    axis = op.attributes["axis"] % x.ndim
    ends = np.cumsum([program.shapes[result][axis] for result in _results(op)])
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


# --- the same in fewer words ------------------------------------------------------------------------------------------

Step = tuple[PaddleOperator, dict[str, Any]]  # and the parameters it brings


def _as_operators(program: PaddleProgram, last: PaddleOperator, result: str, moved: _Moved) -> list[Step]:
    """What makes `result` from the chain's source: nothing where it is the source itself."""
    shape, source = moved.numbers.shape, program.shapes[moved.source]
    in_order = moved.numbers.size == np.prod(source) and bool((np.diff(moved.numbers.reshape(-1)) == 1).all())
    if shape == source and in_order:
        return []
    if in_order and {len(shape), len(source)} <= {2, 4}:
        return [(_plain_reshape(moved.source, result), {})]
    if {len(shape), len(source)} <= {2, 4} and (
        len(shape) == len(source) or (_is_vector(shape) and _is_vector(source))
    ):
        found = _channels_rows_columns(moved.numbers, source)
        if found is not None and len(shape) == len(source):
            return _selected(result, moved.source, source, *found)
        if found is not None:
            part = f"{result}.part"
            return [*_selected(part, moved.source, source, *found), (_plain_reshape(part, result), {})]
    raise last.mistake(
        f"what it and the operators before it make of '{moved.source}' {source} is neither some channels, rows and "
        f"columns of it nor a plain reshape; nothing else is supported"
    )


def _plain_reshape(source: str, result: str) -> PaddleOperator:
    return PaddleOperator("reshape2", {"X": (source,)}, {"Out": (result,)}, {})


def _is_vector(shape: Shape) -> bool:
    """(1, C) or (1, C, 1, 1)."""
    return all(n == 1 for n in shape[2:])


def _channels_rows_columns(numbers: Numbers, source: Shape) -> tuple[Numbers, range, range] | None:
    """The channels, and the rows and columns, that make up the numbers of an image (1, C, H, W) or a vector (1, C);
    None where they are no such part."""
    height, width = (*source, 1, 1)[2:4]
    image = numbers.reshape((*numbers.shape, 1, 1)[:4])
    chosen = image[0, :, 0, 0] // (height * width)
    rows, columns = _even(image[0, 0, :, 0] // width % height), _even(image[0, 0, 0] % width)
    if rows is None or columns is None or len(image) != 1:
        return None
    places = np.add.outer(np.array(rows) * width, np.array(columns))
    same = np.add.outer(chosen * (height * width), places)
    return (chosen, rows, columns) if np.array_equal(image[0], same) else None


def _even(numbers: Numbers) -> range | None:
    """Evenly spaced numbers, counting upwards, as a range."""
    step = int(numbers[1] - numbers[0]) if len(numbers) > 1 else 1
    spaced = range(int(numbers[0]), int(numbers[0]) + step * len(numbers), step) if step > 0 else None
    return spaced if spaced is not None and np.array_equal(numbers, spaced) else None


def _selected(result: str, tensor: str, source: Shape, channels: Numbers, rows: range, columns: range) -> list[Step]:
    """Channels first, then rows and columns, each only where it leaves anything out or changes the order."""
    steps: list[Step] = []
    cropped = len(source) == 4 and (len(rows), len(columns)) != source[2:]
    if not np.array_equal(channels, np.arange(source[1])):
        name = f"{result}.channels" if cropped else result
        index = f"{name}.index"
        shapes = {name: (1, len(channels), *source[2:])}
        inputs: dict[str, tuple[str, ...]] = {"X": (tensor,), "Index": (index,)}
        steps.append((PaddleOperator(SELECT, inputs, {"Out": (name,)}, {"shapes": shapes}), {index: channels}))
        tensor = name
    if cropped:
        spans = {"rows": rows, "columns": columns}
        steps.append((PaddleOperator(CROP, {"X": (tensor,)}, {"Out": (result,)}, spans), {}))
    return steps
