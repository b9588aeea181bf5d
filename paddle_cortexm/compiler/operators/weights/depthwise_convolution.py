"""Depthwise convolutions: one filter a channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.operators.parts.base import Floats, Int8Array, Int32Array
from paddle_cortexm.compiler.operators.parts.clamp import Clamp
from paddle_cortexm.compiler.operators.parts.relax_patterns import convolution_patterns
from paddle_cortexm.compiler.operators.parts.requantisation import Requantisation
from paddle_cortexm.compiler.operators.parts.window import Window, some_windows, windows
from paddle_cortexm.compiler.operators.weights.weighted import GroupedConvolution, HasWeights, IntegerWeighted, Weighted
from paddle_cortexm.compiler.tensor import Shape


@dataclass(frozen=True)
class AnyDepthwise(HasWeights):
    """What the depthwise convolution of floats and of integers share: channel multiplier 1. weight: HWC."""

    window: Window

    @property
    def layer_kind(self) -> str:
        return "depthwise {}x{}".format(*self.window.kernel)

    @property
    def title(self) -> str:
        return f"depthwise {self.window.title}"

    def output_shape(self, inputs: Sequence[Shape]) -> Shape:
        return self.window.output_shape(inputs[0], self.weight.shape[-1])

    def window_over(self, source: Shape) -> Window:
        return self.window

    def macs(self, output: Shape) -> int:
        return prod(output) * prod(self.weight.shape[:2])


@dataclass(frozen=True)
class DepthwiseConvolution(Weighted, AnyDepthwise):
    """Depthwise convolution of floats."""

    def evaluate(self, inputs: Sequence[NDArray[Any]]) -> Floats:
        taps = windows(inputs[0], self.window, 0.0)
        products = (taps[:, :, :, i, j] * self.weight[i, j] for i, j in np.ndindex(self.window.kernel))
        return self.finished(sum(products, self.bias), inputs)

    def weight_rows(self) -> Floats:
        return np.moveaxis(self.weight, 2, 0).reshape(len(self.bias), -1)

    def from_rows(self, rows: NDArray[Any]) -> NDArray[Any]:
        return np.moveaxis(rows.reshape(len(self.bias), *self.weight.shape[:2]), 0, 2)

    def by_channel(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        return values

    def as_convolution(self) -> GroupedConvolution:
        weight = np.ascontiguousarray(self.weight.transpose(2, 0, 1)[:, None])
        return GroupedConvolution(weight, self.window, groups=len(weight))

    def from_oihw(self, weight: Floats) -> Floats:
        return np.ascontiguousarray(weight[:, 0].transpose(1, 2, 0))

    def patches(self, inputs: Floats, most: int) -> NDArray[np.float64]:
        taken = some_windows(inputs, self.window, most)
        return taken.reshape(len(taken), -1, taken.shape[-1]).transpose(2, 0, 1)

    def integer_twin(
        self, weight: Int8Array, bias: Int32Array, input_zero_point: int, scale: Requantisation
    ) -> IntegerDepthwiseConvolution:
        return IntegerDepthwiseConvolution(weight, bias, self.window, input_zero_point, scale)


@dataclass(frozen=True)
class IntegerDepthwiseConvolution(IntegerWeighted, AnyDepthwise):
    """Depthwise convolution of integers; padding contributes 0."""

    def evaluate(self, inputs: Sequence[NDArray[Any]]) -> Int8Array:
        taps = windows(inputs[0].astype(np.int64) - self.input_zero_point, self.window, 0)
        sums = (taps * self.weight).sum(axis=(3, 4)) + self.bias
        return self.epilogue.of(self.requantisation.of(sums), inputs[1:])


def _from_relax(weight: Floats, bias: Floats, window: Window, clamp: Clamp, groups: int) -> DepthwiseConvolution:
    """weight: OHWI with one input channel; as many groups as channels."""
    return DepthwiseConvolution(np.ascontiguousarray(weight[..., 0].transpose(1, 2, 0)), bias, window, clamp)


PATTERNS = convolution_patterns("depthwise convolution", _from_relax, depthwise=True)
