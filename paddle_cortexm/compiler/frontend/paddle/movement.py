"""Operators that only move elements: what a chain of them does in the end, as one operator or two.

A channel shuffle is a reshape to five dimensions, a transposition and a reshape back; a split has several results. Each
chain of such operators is carried out on the numbers of its first tensor's elements, as the graph has them. What comes
out at its ends says which channels and which pixels were taken, and `channel_select` (parameter Index), `crop`
(attributes rows and columns) and `pixel_select` (attribute pixels) say it again. A reshape that only names the axes
anew has the attribute in_order; one without is a flattened image. Matrix products take their operands where they
stand (frontend/paddle/attention.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from paddle_cortexm.compiler.frontend.paddle.attention import Moved, ProductPlan, plan_products, with_factors
from paddle_cortexm.compiler.frontend.paddle.layouts import in_graph_order, name_layouts, shape_in_graph
from paddle_cortexm.compiler.frontend.paddle.moves import (
    MOVES,
    Numbers,
    computing_readers,
    is_movement,
    moved_tensor,
    results_of,
)
from paddle_cortexm.compiler.frontend.paddle.program import PaddleOperator, PaddleProgram, Shape

SELECT, CROP, PIXELS = "channel_select", "crop", "pixel_select"


def plan_movement(program: PaddleProgram) -> PaddleProgram:
    """The program with every chain of movement as one of these operators, a plain reshape or nothing.

    Raises UserError for a chain that does anything else.
    """
    program = name_layouts(with_factors(program))
    moved = _moved_tensors(program)
    products = plan_products(program, moved)
    operators: list[PaddleOperator] = []
    parameters, shapes, renamed = dict(program.parameters), dict(program.shapes), dict[str, str]()
    channels_last = set(program.channels_last)
    for op in program.operators:
        if not is_movement(program, op):
            operators.append(_renamed(products.planned.get(op.output, op), renamed))
            continue
        for result in results_of(op):
            if result in products.made or not _is_needed(program, products, result):
                continue
            made = _as_operators(program, op, result, moved[result])
            if not made:
                renamed[result] = renamed.get(moved[result].source, moved[result].source)
            for step in made:
                operators.append(_renamed(step.operator, renamed))
                parameters |= step.parameters
                shapes |= step.shapes
                channels_last |= {name for name, shape in step.shapes.items() if len(shape) == 4}
    output = renamed.get(program.output, program.output)
    return replace(
        program,
        operators=tuple(operators),
        parameters=parameters,
        shapes=shapes,
        output=output,
        channels_last=frozenset(channels_last),
    )


def _is_needed(program: PaddleProgram, products: ProductPlan, tensor: str) -> bool:
    """Whether anything but movement reads the tensor, and not only through a view."""
    readers = computing_readers(program, tensor)
    return tensor == program.output or any(not products.views(op, tensor) for op in readers)


def _moved_tensors(program: PaddleProgram) -> dict[str, Moved]:
    moved: dict[str, Moved] = {}
    for op in program.operators:
        if is_movement(program, op):
            source = moved_tensor(op)
            before = moved.get(source) or Moved.unmoved(program, source)
            for result, numbers in zip(results_of(op), MOVES[op.kind](program, op, before.numbers), strict=True):
                moved[result] = Moved(before.source, numbers)
    return moved


def _renamed(op: PaddleOperator, renamed: Mapping[str, str]) -> PaddleOperator:
    inputs = {slot: tuple(renamed.get(name, name) for name in names) for slot, names in op.inputs.items()}
    return replace(op, inputs=inputs)


# --- the same in fewer words ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Step:
    """An operator, the parameters it brings, and the shapes of what it makes on the way, as the graph has them."""

    operator: PaddleOperator
    parameters: Mapping[str, Any]
    shapes: Mapping[str, Shape]


def _as_operators(program: PaddleProgram, last: PaddleOperator, result: str, moved: Moved) -> list[_Step]:
    """What makes `result` from the chain's source: nothing where it is the source itself."""
    shape, source = program.shapes[result], program.shapes[moved.source]
    before = shape_in_graph(source, moved.source in program.channels_last)
    places = in_graph_order(moved.numbers, result in program.channels_last)
    if _is_in_order(places) and places.size == np.prod(source):
        if shape == source and places.shape == before:
            return []
        return [_reshape(moved.source, result, in_order=True)]
    if _is_vector(shape) and np.array_equal(moved.numbers, Moved.unmoved(program, moved.source).flat):
        return [_reshape(moved.source, result, in_order=False)]
    chosen = _channels_and_pixels(places, before) if len(places) == 1 else None
    if chosen is None:
        raise last.mistake(
            f"what it and the operators before it make of '{moved.source}' {source} is neither some channels and "
            f"pixels of it nor a plain reshape; nothing else is supported"
        )
    return _selected(program, result, moved.source, before, places.shape, *chosen)


def _is_vector(shape: Shape) -> bool:
    return len(shape) == 2 and shape[0] == 1


def _is_in_order(numbers: Numbers) -> bool:
    flat = numbers.reshape(-1)
    return flat[0] == 0 and bool((np.diff(flat) == 1).all())


def _channels_and_pixels(places: Numbers, source: Shape) -> tuple[Numbers, Numbers] | None:
    """The channels (C) and the pixels (H, W) of the source (1, H, W, C) that make up the result (1, H, W, C); None
    where they are no such part."""
    pixels, channels = places[0, :, :, 0] // source[3], places[0, 0, 0] % source[3]
    same = np.array_equal(places[0], pixels[:, :, None] * source[3] + channels)
    return (channels, pixels) if same else None


def _selected(
    program: PaddleProgram, result: str, source: str, before: Shape, after: Shape, channels: Numbers, pixels: Numbers
) -> list[_Step]:
    """Channels first, then pixels, each only where it leaves anything out or changes the order, and a reshape where
    the axes are named anew."""
    steps: list[_Step] = []
    is_vector, tensor, made = _is_vector(program.shapes[source]), source, before

    def add(kind: str, attributes: Mapping[str, Any], to: Shape, index: Numbers | None = None) -> None:
        nonlocal tensor, made
        name = f"{result}.{kind}"
        inputs: dict[str, tuple[str, ...]] = {"X": (tensor,)}
        if index is not None:
            inputs["Index"] = (f"{name}.index",)
        parameters = {} if index is None else {f"{name}.index": index}
        shape = (1, to[3]) if is_vector else to
        steps.append(_Step(PaddleOperator(kind, inputs, {"Out": (name,)}, dict(attributes)), parameters, {name: shape}))
        tensor, made = name, to

    if not np.array_equal(channels, np.arange(before[3])):
        add(SELECT, {}, (*before[:3], len(channels)), channels)
    if not np.array_equal(pixels.reshape(-1), np.arange(before[1] * before[2])):
        spans = _rows_and_columns(pixels, before[2])
        add(PIXELS if spans is None else CROP, {"pixels": pixels} if spans is None else spans, after)
    if made != after or is_vector != _is_vector(program.shapes[result]):
        return [*steps, _reshape(tensor, result, in_order=True)]
    last = replace(steps[-1].operator, outputs={"Out": (result,)})
    return [*steps[:-1], _Step(last, steps[-1].parameters, {})]


def _reshape(source: str, result: str, *, in_order: bool) -> _Step:
    return _Step(PaddleOperator("reshape2", {"X": (source,)}, {"Out": (result,)}, {"in_order": in_order}), {}, {})


def _rows_and_columns(pixels: Numbers, width: int) -> dict[str, range] | None:
    """The rows and columns of an image of that width that the pixels (H, W) are, where they are evenly spaced."""
    rows, columns = _even(pixels[:, 0] // width), _even(pixels[0] % width)
    if rows is None or columns is None:
        return None
    same = np.array_equal(np.add.outer(np.array(rows) * width, np.array(columns)), pixels)
    return {"rows": rows, "columns": columns} if same else None


def _even(numbers: Numbers) -> range | None:
    """Evenly spaced numbers, counting upwards, as a range."""
    step = int(numbers[1] - numbers[0]) if len(numbers) > 1 else 1
    spaced = range(int(numbers[0]), int(numbers[0]) + step * len(numbers), step) if step > 0 else None
    return spaced if spaced is not None and np.array_equal(numbers, spaced) else None
