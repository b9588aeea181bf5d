"""2-D convolutions of all channels; 1 x 1 is called pointwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.operators.parts.base import Floats, Int8Array, Int32Array, Integers
from paddle_cortexm.compiler.operators.parts.relax_patterns import convolution_patterns
from paddle_cortexm.compiler.operators.parts.requantisation import Requantisation
from paddle_cortexm.compiler.operators.parts.window import Window, some_windows, windows
from paddle_cortexm.compiler.operators.weights.weighted import GroupedConvolution, HasWeights, IntegerWeighted, Weighted
from paddle_cortexm.compiler.tensor import Shape

STEM_CHANNELS = 4  # a convolution of at most so many channels is the image's


@dataclass(frozen=True)
class AnyConvolution(HasWeights):
    """What the convolution of floats and of integers share. weight: OHWI."""

    window: Window

    @property
    def is_pointwise(self) -> bool:
        return self.window.kernel == (1, 1)

    @property
    def layer_kind(self) -> str:
        if self.is_pointwise:
            return "pointwise"
        return "stem" if self.weight.shape[-1] <= STEM_CHANNELS else "convolution"

    @property
    def title(self) -> str:
        return f"pointwise{self.window.stride_title}" if self.is_pointwise else f"convolution {self.window.title}"

    def output_shape(self, inputs: Sequence[Shape]) -> Shape:
        return self.window.output_shape(inputs[0], len(self.weight))

    def window_over(self, source: Shape) -> Window:
        return self.window

    def macs(self, output: Shape) -> int:
        return prod(output) * prod(self.weight.shape[1:])


@dataclass(frozen=True)
class Convolution(Weighted, AnyConvolution):
    """2-D convolution of floats."""

    def evaluate(self, inputs: Sequence[NDArray[Any]]) -> Floats:
        columns = _columns(windows(inputs[0], self.window, 0.0))
        return self.finished(columns @ self.weight_rows().T + self.bias, inputs)

    def weight_rows(self) -> Floats:
        return self.weight.reshape(len(self.weight), -1)

    def from_rows(self, rows: NDArray[Any]) -> NDArray[Any]:
        return rows.reshape(self.weight.shape)

    def by_channel(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        return values[:, None, None, None]

    def as_convolution(self) -> GroupedConvolution:
        return GroupedConvolution(np.ascontiguousarray(np.moveaxis(self.weight, -1, 1)), self.window)

    def from_oihw(self, weight: Floats) -> Floats:
        return np.ascontiguousarray(np.moveaxis(weight, 1, -1))

    def patches(self, inputs: Floats, most: int) -> NDArray[np.float64]:
        taken = some_windows(inputs, self.window, most)
        return taken.reshape(1, len(taken), -1)

    def integer_twin(
        self, weight: Int8Array, bias: Int32Array, input_zero_point: int, scale: Requantisation
    ) -> IntegerConvolution:
        return IntegerConvolution(weight, bias, self.window, input_zero_point, scale)


@dataclass(frozen=True)
class IntegerConvolution(IntegerWeighted, AnyConvolution):
    """2-D convolution of integers; padding contributes 0."""

    def evaluate(self, inputs: Sequence[NDArray[Any]]) -> Integers:
        columns = _columns(windows(inputs[0].astype(np.int64) - self.input_zero_point, self.window, 0))
        sums = columns @ self.weight.reshape(len(self.weight), -1).astype(np.int64).T + self.bias
        return self.epilogue.of(self.requantisation.of(sums), inputs[1:])


def _columns(patches: NDArray[Any]) -> NDArray[Any]:
    """Windows (N, H, W, kernel height, kernel width, C) as (N, H, W, products)."""
    return patches.reshape(*patches.shape[:3], -1)


PATTERNS = convolution_patterns("convolution", Convolution, depthwise=False)
