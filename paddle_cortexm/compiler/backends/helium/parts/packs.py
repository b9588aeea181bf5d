"""How the kernels of a convolution take its groups: several as one dense matrix, a pack.

A matrix of few channels leaves vectors unfilled, and each call has its cost; a pack of several groups multiplies by
zeros. What is cheapest depends on the groups' width. Both app/runtime/helium/conv2d_s8.c and conv2d_float_code.h copy
the input under a few output pixels to a strip, column by column, a pack at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.compiler.operators.weights.convolution import AnyConvolution
from paddle_cortexm.compiler.tensor import Shape

STRIP_BYTES = 4096  # of the input, copied together at a time; more where a block of pixels needs more
MOST_ROWS = 32  # of a window, from its first to its last
COPY = 6  # instructions for each vector of a column that is copied
CALL = 300  # for each pack and row


@dataclass(frozen=True)
class Packing:
    """What a kernel does with a pack. lanes: elements of a vector; pixels: made together; column_multiple: elements of
    a strip's column are filled up to it; product_cost: (depth, output channels) to instructions an output pixel."""

    lanes: int
    pixels: int
    column_multiple: Callable[[int], int]
    product_cost: Callable[[int, int], float]

    @property
    def element_bytes(self) -> int:
        return 16 // self.lanes


@dataclass(frozen=True)
class Packs:
    """count: packs; column: elements of a column of the strip, of all kernel rows; pixels: output pixels whose input is
    copied together, 0 where it is read in place; strip: elements that takes."""

    count: int
    column: int
    pixels: int
    strip: int

    @property
    def fields(self) -> dict[str, int]:
        """What both kernels' structs have of it."""
        return {"packs": self.count, "pixels_at_once": self.pixels}

    def weight(self, operator: AnyConvolution) -> NDArray[Any]:
        """The packs' matrices, (output channels, kernel width x column); a column is kernel height x channels, filled
        up. Zeros between an output channel and the inputs of the pack's other groups."""
        outputs, height, width, inputs = operator.weight.shape
        together = operator.groups // self.count
        packed = np.zeros((outputs, width, height, together, inputs), operator.weight.dtype)
        place = np.arange(outputs) // (outputs // operator.groups) % together
        packed[np.arange(outputs), :, :, place] = operator.weight.transpose(0, 2, 1, 3)
        columns = packed.reshape(outputs, width, -1)
        filled = np.pad(columns, ((0, 0), (0, 0), (0, self.column - columns.shape[2])))
        return filled.reshape(outputs, -1)

    def assertions(self, window: Window) -> tuple[str, ...]:
        """What `packs_of` assumes of helium.h."""
        if self.pixels == 0:
            return ()
        columns = f"HELIUM_CONV2D_COLUMNS({self.pixels}, {window.kernel[1]}, {window.stride[1]}, {window.dilation[1]})"
        return (f"{columns} == {strip_columns(self.pixels, window)}",)


def packs_of(operator: AnyConvolution, source: Shape, output: Shape, packing: Packing) -> Packs:
    """The cheapest packs: whole groups, equally many in each."""
    window, width = operator.window, output[2]
    divisors = (n for n in range(1, operator.groups + 1) if operator.groups % n == 0)
    together = min(divisors, key=lambda n: _cost(operator, n, source, width, packing))
    column = _column(operator, together, packing)
    if _is_in_place(operator, together, source, width, packing):
        return Packs(operator.groups // together, column, 0, 0)
    fitting = _pixels_in(STRIP_BYTES // packing.element_bytes // column, window)
    pixels = min(width, max(packing.pixels, fitting // packing.pixels * packing.pixels))
    return Packs(operator.groups // together, column, pixels, strip_columns(pixels, window) * column)


def strip_columns(pixels: int, window: Window) -> int:
    """Columns that are copied for so many output pixels: those that windows share only once."""
    kernel, stride = window.kernel[1], window.stride[1]
    return (pixels - 1) * stride + kernel if _is_shared(window) else pixels * kernel


def _pixels_in(columns: int, window: Window) -> int:
    """The most output pixels for which so many columns suffice."""
    kernel, stride = window.kernel[1], window.stride[1]
    return (columns - kernel) // stride + 1 if _is_shared(window) else columns // kernel


def _is_shared(window: Window) -> bool:
    return window.dilation[1] == 1 and window.stride[1] <= window.kernel[1]


def _column(operator: AnyConvolution, together: int, packing: Packing) -> int:
    """Elements of a column with so many groups to a pack."""
    window, elements = operator.window, operator.window.kernel[0] * operator.weight.shape[3] * together
    multiple = packing.column_multiple((window.stride if _is_shared(window) else window.kernel)[1])
    return -(-elements // multiple) * multiple


def _is_in_place(operator: AnyConvolution, together: int, source: Shape, width: int, packing: Packing) -> bool:
    """Whether a pixel's channels can be read where they are: a 1x1 convolution without padding."""
    window, inputs = operator.window, operator.weight.shape[3] * together
    multiple = packing.column_multiple(1)
    is_aligned = inputs % multiple == 0 and source[3] * window.stride[1] % multiple == 0
    is_inside = window.padding[1] == 0 and (width - 1) * window.stride[1] < source[2]
    return window.kernel == (1, 1) and is_inside and is_aligned


def _cost(operator: AnyConvolution, together: int, source: Shape, width: int, packing: Packing) -> float:
    """About how many instructions an output pixel takes with so many groups to a pack."""
    window, (all_outputs, *_, inputs) = operator.window, operator.weight.shape
    depth = window.kernel[1] * _column(operator, together, packing)
    product = packing.product_cost(depth, all_outputs // operator.groups * together)
    in_place = _is_in_place(operator, together, source, width, packing)
    vectors = window.kernel[0] * -(-inputs * together // packing.lanes)
    copy = 0.0 if in_place else COPY * vectors * strip_columns(width, window) / width
    return operator.groups // together * (product + copy + CALL / width)
