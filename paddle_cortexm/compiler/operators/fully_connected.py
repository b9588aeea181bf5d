"""Fully connected layers: matrix products with constant weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tvm.relax.dpl import is_const, is_op, wildcard

from paddle_cortexm.compiler.operators.parts.base import Floats, Int8Array, Operator
from paddle_cortexm.compiler.operators.parts.clamp import OPEN, Clamp
from paddle_cortexm.compiler.operators.parts.relax_patterns import (
    Matched,
    RelaxPattern,
    constant_array,
    with_clamps,
)
from paddle_cortexm.compiler.operators.parts.requantisation import Requantisation
from paddle_cortexm.compiler.operators.weighted import (
    NO_EPILOGUE,
    NO_FLOAT_EPILOGUE,
    Epilogue,
    FloatEpilogue,
    IntegerWeighted,
    Weighted,
)
from paddle_cortexm.compiler.tensor import Grid, Shape


class _Geometry(Operator):
    """What the fully connected layer of floats and of integers share."""

    weight: NDArray[Any]

    @property
    def layer_kind(self) -> str:
        return "fully connected"

    def output_shape(self, inputs: Sequence[Shape]) -> Shape:
        return inputs[0][0], 1, 1, len(self.weight)

    def macs(self, output: Shape) -> int:
        return self.weight.size


@dataclass(frozen=True)
class FullyConnected(_Geometry, Weighted):
    """weight: OI, bias: (O,). The input is taken as one flat vector in NHWC order."""

    clamp: Clamp = OPEN
    epilogue: FloatEpilogue = NO_FLOAT_EPILOGUE

    def evaluate(self, inputs: Sequence[NDArray[Any]]) -> Floats:
        sums = inputs[0].reshape(len(inputs[0]), -1) @ self.weight.T + self.bias
        return self.finished(sums[:, None, None], inputs)

    def weight_rows(self) -> Floats:
        return self.weight

    def from_rows(self, rows: NDArray[Any]) -> NDArray[Any]:
        return rows

    def by_channel(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        return values[:, None]

    def unclamped(self) -> FullyConnected:
        return replace(self, clamp=OPEN)

    def integer(
        self, inputs: Sequence[Grid], output: Grid, weight_scales: NDArray[np.float64] | None = None
    ) -> IntegerFullyConnected:
        weight, bias, scale = self.integer_parts(inputs[0], output, weight_scales)
        return IntegerFullyConnected(weight, bias, inputs[0].zero_point, scale)


@dataclass(frozen=True)
class IntegerFullyConnected(_Geometry, IntegerWeighted):
    """As IntegerConvolution, of one flat vector. weight: OI int8; the requantisation is per channel (length O)."""

    input_zero_point: int
    requantisation: Requantisation
    epilogue: Epilogue = NO_EPILOGUE

    def evaluate(self, inputs: Sequence[NDArray[Any]]) -> Int8Array:
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
