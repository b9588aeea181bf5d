"""2-D convolutions of all channels; 1 x 1 is called pointwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.operators.parts.base import Floats, Int8Array, Operator
from paddle_cortexm.compiler.operators.parts.clamp import OPEN, Clamp
from paddle_cortexm.compiler.operators.parts.relax_patterns import convolution_patterns
from paddle_cortexm.compiler.operators.parts.requantisation import Requantisation
from paddle_cortexm.compiler.operators.parts.window import Window, windows
from paddle_cortexm.compiler.operators.weighted import (
    NO_EPILOGUE,
    NO_FLOAT_EPILOGUE,
    Epilogue,
    FloatEpilogue,
    IntegerWeighted,
    Weighted,
)
from paddle_cortexm.compiler.tensor import Grid, Shape

STEM_CHANNELS = 4  # a convolution of at most so many channels is the image's


class _Geometry(Operator):
    """What the convolution of floats and of integers share."""

    weight: NDArray[Any]
    window: Window

    @property
    def layer_kind(self) -> str:
        if self.window.kernel == (1, 1):
            return "pointwise"
        return "stem" if self.weight.shape[-1] <= STEM_CHANNELS else "convolution"

    @property
    def title(self) -> str:
        return "pointwise" if self.window == Window() else f"convolution {self.window.title}"

    def output_shape(self, inputs: Sequence[Shape]) -> Shape:
        return self.window.output_shape(inputs[0], len(self.weight))

    def macs(self, output: Shape) -> int:
        return prod(output) * prod(self.weight.shape[1:])


@dataclass(frozen=True)
class Convolution(_Geometry, Weighted):
    """2-D convolution. weight: OHWI, bias: (O,). clamp: fused relu / relu6 as (low, high), None where open."""

    window: Window
    clamp: Clamp = OPEN
    epilogue: FloatEpilogue = NO_FLOAT_EPILOGUE

    def evaluate(self, inputs: Sequence[NDArray[Any]]) -> Floats:
        columns = _columns(windows(inputs[0], self.window, 0.0))
        return self.finished(columns @ self.weight_rows().T + self.bias, inputs)

    def weight_rows(self) -> Floats:
        return self.weight.reshape(len(self.weight), -1)

    def from_rows(self, rows: NDArray[Any]) -> NDArray[Any]:
        return rows.reshape(self.weight.shape)

    def by_channel(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        return values[:, None, None, None]

    def unclamped(self) -> Convolution:
        return replace(self, clamp=OPEN)

    def integer(
        self, inputs: Sequence[Grid], output: Grid, weight_scales: NDArray[np.float64] | None = None
    ) -> IntegerConvolution:
        weight, bias, scale = self.integer_parts(inputs[0], output, weight_scales)
        return IntegerConvolution(weight, bias, self.window, inputs[0].zero_point, scale)


@dataclass(frozen=True)
class IntegerConvolution(_Geometry, IntegerWeighted):
    """accumulator = bias + sum(weight * (x - input_zero_point)); padding contributes 0. weight: OHWI int8."""

    window: Window
    input_zero_point: int
    requantisation: Requantisation
    epilogue: Epilogue = NO_EPILOGUE

    def evaluate(self, inputs: Sequence[NDArray[Any]]) -> Int8Array:
        columns = _columns(windows(inputs[0].astype(np.int64) - self.input_zero_point, self.window, 0))
        sums = columns @ self.weight.reshape(len(self.weight), -1).astype(np.int64).T + self.bias
        return self.epilogue.of(self.requantisation.of(sums), inputs[1:])


def _columns(patches: NDArray[Any]) -> NDArray[Any]:
    """Windows (N, H, W, kernel height, kernel width, C) as (N, H, W, products)."""
    return patches.reshape(*patches.shape[:3], -1)


PATTERNS = convolution_patterns("convolution", Convolution, depthwise=False)
