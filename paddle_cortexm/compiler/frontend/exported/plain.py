"""Any exported classifier as the plain program the compiler takes: a float32 image (1, C, H, W) in, scores out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.frontend.exported.answers import without_choice
from paddle_cortexm.compiler.frontend.exported.image_steps import ImageSteps, without_image_steps
from paddle_cortexm.compiler.frontend.exported.opened import Size
from paddle_cortexm.compiler.frontend.exported.quantised import weight_steps
from paddle_cortexm.compiler.frontend.exported.read import program_file, read_program
from paddle_cortexm.compiler.frontend.paddle.program import PaddleProgram
from paddle_cortexm.errors import UserError

IMAGE = "image"  # what the input is called from here on


@dataclass(frozen=True)
class PlainProgram:
    """steps: what the program did to the image before its first layer; weight_steps: of a quantised program, the
    largest step of each channel by layer, where that is not 127; notes: what the user has to know."""

    program: PaddleProgram
    steps: ImageSteps
    weight_steps: dict[str, NDArray[np.float64]]
    notes: tuple[str, ...]

    @property
    def is_quantised(self) -> bool:
        return bool(self.program.thresholds)

    @property
    def image_size(self) -> Size:
        """(height, width) of what the first layer reads."""
        height, width = self.program.shapes[self.program.input][2:]
        return height, width

    @property
    def closing(self) -> str:
        """The kind of the operator that gives the scores."""
        made = self.program.output
        return next(op.kind for op in self.program.operators if any(made in names for names in op.outputs.values()))

    @property
    def classes(self) -> int:
        return int(np.prod(self.program.shapes[self.program.output]))


def plain_program(path: Path, size: Size | None = None, output: str | int | None = None) -> PlainProgram:
    """path: the stem of the program's files, or one of them; size, output: see `read_program`.

    Raises UserError for what cannot be read, and for a result that is no list of scores.
    """
    file = program_file(path)
    program = read_program(file.parent, file.stem, size, output, suffix=file.suffix)
    program, note = without_choice(program)
    program, steps = without_image_steps(program)
    program = _renamed(program, IMAGE)
    shape = program.shapes[program.output]
    if shape[0] != 1 or np.prod(shape) != max(shape):
        raise UserError(
            f"{file}: output '{program.output}' is {shape}; a classifier's is (1, classes). Name another: model.output"
        )
    notes = (*((note,) if note else ()), *steps.notes)
    steps_of_weights = weight_steps(program) if program.thresholds else {}
    return PlainProgram(program, steps, steps_of_weights, notes)


def _renamed(program: PaddleProgram, name: str) -> PaddleProgram:
    """The program with its input called `name`."""
    old = program.input
    operators = tuple(
        replace(op, inputs={slot: tuple(name if n == old else n for n in names) for slot, names in op.inputs.items()})
        for op in program.operators
    )
    shapes = {name if n == old else n: shape for n, shape in program.shapes.items()}
    thresholds = {name if n == old else n: value for n, value in program.thresholds.items()}
    return replace(program, operators=operators, shapes=shapes, thresholds=thresholds, input=name)
