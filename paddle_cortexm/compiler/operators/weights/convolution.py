"""2-D convolutions of all channels, or of groups of them; 1 x 1 is called pointwise.

A depthwise convolution with several filters a channel is one of groups, each of one input channel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.operators.parts.base import Floats, Int8Array, Int32Array, Integers
from paddle_cortexm.compiler.operators.parts.clamp import Clamp
from paddle_cortexm.compiler.operators.parts.relax_patterns import convolution_patterns
from paddle_cortexm.compiler.operators.parts.requantisation import Requantisation
from paddle_cortexm.compiler.operators.parts.window import Window, some_windows, windows
from paddle_cortexm.compiler.operators.weights.weighted import GroupedConvolution, HasWeights, IntegerWeighted, Weighted
from paddle_cortexm.compiler.tensor import Shape

STEM_CHANNELS = 4  # a convolution of at most so many channels is the image's


@dataclass(frozen=True)
class AnyConvolution(HasWeights):
    """What the convolution of floats and of integers share. weight: OHWI, I being a group's inputs: the first of
    `groups` equal parts of the output channels is made from the first part of the input channels, and so on."""

    window: Window
    groups: int = field(default=1, kw_only=True)

    @property
    def is_pointwise(self) -> bool:
        return self.window.kernel == (1, 1)

    @property
    def is_matrix_product(self) -> bool:
        """Whether each pixel's result is the product of one matrix and that pixel."""
        return self.window == Window() and self.groups == 1

    @property
    def layer_kind(self) -> str:
        if self.groups > 1:
            return "grouped pointwise" if self.is_pointwise else "grouped convolution"
        if self.is_pointwise:
            return "pointwise"
        return "stem" if self.weight.shape[-1] <= STEM_CHANNELS else "convolution"

    @property
    def title(self) -> str:
        kind = f"pointwise{self.window.stride_title}" if self.is_pointwise else f"convolution {self.window.title}"
        return f"{kind}, {self.groups} groups" if self.groups > 1 else kind

    def output_shape(self, inputs: Sequence[Shape]) -> Shape:
        return self.window.output_shape(inputs[0], len(self.weight))

    def window_over(self, source: Shape) -> Window:
        return self.window

    def macs(self, output: Shape) -> int:
        return prod(output) * prod(self.weight.shape[1:])

    def sums(self, inputs: NDArray[Any], weight: NDArray[Any]) -> NDArray[Any]:
        """The sums of products, without bias, of inputs that are padded with 0: (N, H, W, O)."""
        patches = windows(inputs, self.window, 0)
        columns = by_group(patches.reshape(-1, *patches.shape[3:]), self.groups)
        products = columns @ weight.reshape(self.groups, len(weight) // self.groups, -1).transpose(0, 2, 1)
        return products.transpose(1, 0, 2).reshape(*patches.shape[:3], len(weight))


@dataclass(frozen=True)
class Convolution(Weighted, AnyConvolution):
    """2-D convolution of floats."""

    def evaluate(self, inputs: Sequence[NDArray[Any]]) -> Floats:
        return self.finished(self.sums(inputs[0], self.weight) + self.bias, inputs)

    def weight_rows(self) -> Floats:
        return self.weight.reshape(len(self.weight), -1)

    def from_rows(self, rows: NDArray[Any]) -> NDArray[Any]:
        return rows.reshape(self.weight.shape)

    def by_channel(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        return values[:, None, None, None]

    def as_convolution(self) -> GroupedConvolution:
        return GroupedConvolution(np.ascontiguousarray(np.moveaxis(self.weight, -1, 1)), self.window, self.groups)

    def from_oihw(self, weight: Floats) -> Floats:
        return np.ascontiguousarray(np.moveaxis(weight, 1, -1))

    def patches(self, inputs: Floats, most: int) -> NDArray[np.float64]:
        return by_group(some_windows(inputs, self.window, most), self.groups)

    def integer_twin(
        self, weight: Int8Array, bias: Int32Array, input_zero_point: int, scale: Requantisation
    ) -> IntegerConvolution:
        return IntegerConvolution(weight, bias, self.window, input_zero_point, scale, groups=self.groups)


@dataclass(frozen=True)
class IntegerConvolution(IntegerWeighted, AnyConvolution):
    """2-D convolution of integers; padding contributes 0."""

    def evaluate(self, inputs: Sequence[NDArray[Any]]) -> Integers:
        centred = inputs[0].astype(np.int64) - self.input_zero_point
        sums = self.sums(centred, self.weight.astype(np.int64)) + self.bias
        return self.epilogue.of(self.requantisation.of(sums), inputs[1:])


def by_group(patches: NDArray[Any], groups: int) -> NDArray[Any]:
    """Windows (n, kernel height, kernel width, C) as (groups, n, products)."""
    n, height, width, channels = patches.shape
    split = patches.reshape(n, height * width, groups, channels // groups)
    return split.transpose(2, 0, 1, 3).reshape(groups, n, -1)


def _from_relax(weight: Floats, bias: Floats, window: Window, clamp: Clamp, groups: int) -> Convolution:
    return Convolution(weight, bias, window, clamp, groups=groups)


PATTERNS = convolution_patterns("convolution", _from_relax, depthwise=False)
