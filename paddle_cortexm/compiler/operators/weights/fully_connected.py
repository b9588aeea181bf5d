"""Fully connected layers: matrix products with constant weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tvm.relax.dpl import is_const, is_op, wildcard

from paddle_cortexm.compiler.operators.parts.base import Floats, Int8Array, Int32Array, Integers
from paddle_cortexm.compiler.operators.parts.clamp import Clamp
from paddle_cortexm.compiler.operators.parts.relax_patterns import (
    Matched,
    RelaxPattern,
    constant_array,
    with_clamps,
)
from paddle_cortexm.compiler.operators.parts.requantisation import Requantisation
from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.compiler.operators.weights.weighted import GroupedConvolution, HasWeights, IntegerWeighted, Weighted
from paddle_cortexm.compiler.tensor import Shape


@dataclass(frozen=True)
class AnyFullyConnected(HasWeights):
    """What the fully connected layer of floats and of integers share. weight: OI. The input is taken as one flat vector
    in NHWC order."""

    @property
    def layer_kind(self) -> str:
        return "fully connected"

    def output_shape(self, inputs: Sequence[Shape]) -> Shape:
        return inputs[0][0], 1, 1, len(self.weight)

    def window_over(self, source: Shape) -> Window:
        return Window(kernel=(source[1], source[2]))

    def macs(self, output: Shape) -> int:
        return self.weight.size


@dataclass(frozen=True)
class FullyConnected(Weighted, AnyFullyConnected):
    """Fully connected layer of floats."""

    def evaluate(self, inputs: Sequence[NDArray[Any]]) -> Floats:
        sums = inputs[0].reshape(len(inputs[0]), -1) @ self.weight.T + self.bias
        return self.finished(sums[:, None, None], inputs)

    def weight_rows(self) -> Floats:
        return self.weight

    def from_rows(self, rows: NDArray[Any]) -> NDArray[Any]:
        return rows

    def by_channel(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        return values[:, None]

    def as_convolution(self) -> GroupedConvolution:
        return GroupedConvolution(self.weight[:, :, None, None], Window(), flat=True)

    def from_oihw(self, weight: Floats) -> Floats:
        return weight[:, :, 0, 0]

    def patches(self, inputs: Floats, most: int) -> NDArray[np.float64]:
        return inputs.reshape(1, len(inputs), -1).astype(np.float64)  # one an image: few enough

    def integer_twin(
        self, weight: Int8Array, bias: Int32Array, input_zero_point: int, scale: Requantisation
    ) -> IntegerFullyConnected:
        return IntegerFullyConnected(weight, bias, input_zero_point, scale)


@dataclass(frozen=True)
class IntegerFullyConnected(IntegerWeighted, AnyFullyConnected):
    """Fully connected layer of integers."""

    def evaluate(self, inputs: Sequence[NDArray[Any]]) -> Integers:
        vectors = inputs[0].reshape(len(inputs[0]), -1).astype(np.int64) - self.input_zero_point
        sums = vectors @ self.weight.astype(np.int64).T + self.bias
        return self.epilogue.of(self.requantisation.of(sums[:, None, None]), inputs[1:])


def _patterns() -> tuple[RelaxPattern, ...]:
    """matmul + bias (+ clip or relu)."""
    source, weight, bias = wildcard(), is_const(), is_const()
    body = is_op("relax.add")(is_op("relax.matmul")(source, weight), bias)

    def operator(matched: Matched, clamp: Clamp) -> FullyConnected:
        rows = np.ascontiguousarray(constant_array(matched[weight]).T)  # (inputs, outputs) -> OI
        return FullyConnected(rows, constant_array(matched[bias]).reshape(-1), clamp)

    return with_clamps("fully connected", body, (source,), operator)


PATTERNS = _patterns()
