"""What the readers of both formats hand over: a program's operators, and what one run of it gave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from paddle_cortexm.compiler.frontend.paddle.program import Array, PaddleOperator, Shape
from paddle_cortexm.errors import UserError

Size = tuple[int, int]  # height, width
ATTRIBUTE = "="  # what a slot begins with whose input is an attribute, once it is known to be constant


@dataclass(frozen=True)
class Opened:
    """A program as it stands in its files. parameters: by tensor; values: what Paddle computed for one image of zeros,
    for every tensor that is read; inputs: with the shapes they declare, -1 for what is open; outputs: names."""

    path: Path
    operators: tuple[PaddleOperator, ...]
    parameters: dict[str, Array]
    values: dict[str, Array]
    input: str
    outputs: tuple[str, ...]


def image_shape(path: Path, name: str, declared: Shape, size: Size | None, *, channels_last: bool) -> Shape:
    """The shape of one image for an input that declares this one. size: what is taken where height and width are open.

    Raises UserError for an input that is no image, and for one without a size.
    """
    if len(declared) != 4:
        raise UserError(
            f"{path}: input '{name}' is {list(declared)}; it must be an image, (batch, channels, height, width) or "
            f"(batch, height, width, channels): export the program with such an input"
        )
    height, width = (declared[1:3]) if channels_last else (declared[2:4])
    channels = declared[3 if channels_last else 1]
    found = (height, width)
    if size is None and min(found) < 1:
        raise UserError(f"{path}: height and width of input '{name}' are open {list(declared)}: set model.image_size")
    if channels < 1:
        channels = 3
    sides = tuple(side if side > 0 else wanted for side, wanted in zip(found, size or found, strict=True))
    return (1, *sides, channels) if channels_last else (1, channels, *sides)


def sole_input(path: Path, inputs: list[str]) -> str:
    if len(inputs) != 1:
        raise UserError(
            f"{path}: a classifier has one input, this program has {inputs}; export it with the image alone"
        )
    return inputs[0]


def cannot_run(path: Path, shape: Shape, error: Exception) -> UserError:
    """The error for a program that Paddle itself fails on."""
    reason = [line.strip() for line in str(error).splitlines() if "Error" in line] or [str(error).strip()]
    return UserError(f"{path}: Paddle cannot run it on one image of shape {shape}: {reason[-1]}")


def reaching(operators: Sequence[PaddleOperator], result: str) -> list[PaddleOperator]:
    """The operators that the result depends on, in order."""
    needed, kept = {result}, []
    for op in reversed(operators):
        if needed.intersection(name for names in op.outputs.values() for name in names):
            needed.update(name for names in op.inputs.values() for name in names)
            kept.append(op)
    return kept[::-1]
