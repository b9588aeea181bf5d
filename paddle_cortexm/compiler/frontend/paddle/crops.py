"""Rows and columns that are made and then cut off, as padding that is not there: nothing is computed in vain.

EfficientNet pads its strided convolutions on all sides and drops the first row and column of the result.
"""

from __future__ import annotations

from dataclasses import replace

from paddle_cortexm.compiler.frontend.paddle.folding import CONVOLUTIONS
from paddle_cortexm.compiler.frontend.paddle.movement import CROP
from paddle_cortexm.compiler.frontend.paddle.program import PaddleOperator, PaddleProgram


def fold_crops(program: PaddleProgram) -> PaddleProgram:
    """The program without crops of a convolution's result that less padding gives as well."""
    for crop in [op for op in program.operators if op.kind == CROP]:
        convolution = program.producer(crop.input("X"))
        if convolution is None or not program.is_read_once(convolution.output):
            continue
        paddings = _less_padding(program, convolution, crop)
        if paddings is not None:
            attributes = convolution.attributes | {"paddings": paddings}
            cut = replace(convolution, outputs={"Output": (crop.output,)}, attributes=attributes)
            program = program.replacing({convolution.output: (cut,), crop.output: ()})
    return program


def _less_padding(program: PaddleProgram, op: PaddleOperator, crop: PaddleOperator) -> list[int] | None:
    """(top, bottom, left, right) with which the convolution makes just these rows and columns; None where it cannot."""
    if op.kind not in CONVOLUTIONS or op.attributes.get("padding_algorithm", "EXPLICIT") != "EXPLICIT":
        return None
    given = op.attributes["paddings"]
    before = given if len(given) == 2 else (given[0], given[2])
    size, kernel = program.shapes[op.input("Input")][2:], program.parameters[op.input("Filter")].shape[2:]
    spans = crop.attributes["rows"], crop.attributes["columns"]
    sides: list[int] = []
    for axis, span in enumerate(spans):
        stride, extent = op.attributes["strides"][axis], op.attributes["dilations"][axis] * (kernel[axis] - 1) + 1
        first = before[axis] - span.start * stride
        last = (len(span) - 1) * stride + extent - size[axis] - first
        fits = (size[axis] + first + max(last, 0) - extent) // stride + 1 == len(span)
        if span.step != 1 or first < 0 or not fits:
            return None
        sides += [first, max(last, 0)]
    return sides
