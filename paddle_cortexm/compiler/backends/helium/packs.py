"""How app/runtime/helium/conv2d_s8.c takes a convolution's groups: several as one dense matrix, a pack.

A matrix of few inputs leaves vectors of 16 products unfilled, and each call has its cost; a pack of several groups
multiplies by zeros. What is cheapest depends on the groups' width.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np

from paddle_cortexm.compiler.backends.helium.packing import BLOCK, CHANNELS_MULTIPLE, GROUP, PIXELS, RUN_CHANNELS
from paddle_cortexm.compiler.operators.parts.base import Int8Array
from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.compiler.operators.weights.convolution import IntegerConvolution
from paddle_cortexm.compiler.tensor import Shape

STRIP_BYTES = 4096  # of the input, copied together at a time; more where three pixels need more


@dataclass(frozen=True)
class Packs:
    """count: packs; pixels: output pixels whose input is copied together, 0 where it is read in place; strip_bytes:
    what that takes of the scratch."""

    count: int
    pixels: int
    strip_bytes: int

    def weight(self, operator: IntegerConvolution) -> Int8Array:
        """The packs' matrices, (output channels, depth), the depth being kernel width x kernel height x channels: zeros
        between an output channel and the inputs of the pack's other groups."""
        outputs, height, width, inputs = operator.weight.shape
        together = operator.groups // self.count
        packed = np.zeros((outputs, width, height, together, inputs), np.int8)
        place = np.arange(outputs) // (outputs // operator.groups) % together
        packed[np.arange(outputs), :, :, place] = operator.weight.transpose(0, 2, 1, 3)
        return packed.reshape(outputs, -1)

    def assertions(self, window: Window) -> tuple[str, ...]:
        """What `packs_of` assumes of conv2d_s8.h."""
        if self.pixels == 0:
            return ()
        columns = f"HELIUM_CONV2D_COLUMNS({self.pixels}, {window.kernel[1]}, {window.stride[1]}, {window.dilation[1]})"
        return (f"{columns} == {strip_columns(self.pixels, window)}",)


def packs_of(operator: IntegerConvolution, source: Shape, output: Shape) -> Packs:
    """The cheapest packs: whole groups, equally many in each."""
    inputs, window = operator.weight.shape[3], operator.window
    divisors = (n for n in range(1, operator.groups + 1) if operator.groups % n == 0)
    together = min(divisors, key=lambda n: _cost(operator, n, output[2]))
    count = operator.groups // together
    reaches = (output[2] - 1) * window.stride[1]
    if window.kernel == (1, 1) and window.padding[1] == 0 and reaches < source[2]:
        return Packs(count, 0, 0)
    column = window.kernel[0] * inputs * together
    pixels = min(output[2], max(PIXELS, _pixels_in(STRIP_BYTES // column, window) // PIXELS * PIXELS))
    return Packs(count, pixels, strip_columns(pixels, window) * column)


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


def _cost(operator: IntegerConvolution, together: int, width: int) -> float:
    """About how many instructions an output pixel takes with so many groups to a pack."""
    window, (all_outputs, *_, inputs) = operator.window, operator.weight.shape
    outputs, channels = all_outputs // operator.groups * together, inputs * together
    blocks = -(-prod(window.kernel) * channels // BLOCK)
    pairs = -(-outputs // CHANNELS_MULTIPLE) * CHANNELS_MULTIPLE // 2
    multiply = (pairs * (11 * blocks + 6) + 25) / PIXELS
    finish = 12 * -(-outputs // GROUP) + 25 / PIXELS
    columns = 0 if window.kernel == (1, 1) else strip_columns(width, window) / width
    copy = columns * window.kernel[0] * -(-channels // BLOCK) * 6
    calls = -(-outputs // RUN_CHANNELS) * 300 / width
    return operator.groups // together * (multiply + finish + copy + calls)
