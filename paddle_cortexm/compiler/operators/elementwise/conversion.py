"""Between integers and floats: around layers that are kept in float32."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from paddle_cortexm.compiler.operators.parts.base import Elementwise, Floats, IntegerOperator, Integers
from paddle_cortexm.compiler.tensor import Grid


@dataclass(frozen=True)
class Quantise(Elementwise, IntegerOperator):
    """float32 to the grid's integers, in float32 arithmetic: clamp(round half to even(x / scale) + zero_point)."""

    grid: Grid

    @property
    def layer_kind(self) -> str:
        return "quantise"

    def evaluate(self, inputs: Sequence[NDArray[Any]]) -> Integers:
        return self.grid.float32_steps(inputs[0]).astype(self.grid.dtype)


@dataclass(frozen=True)
class Dequantise(Elementwise, IntegerOperator):
    """The grid's integers to float32, in float32 arithmetic: (x - zero_point) * scale."""

    grid: Grid

    @property
    def layer_kind(self) -> str:
        return "dequantise"

    def evaluate(self, inputs: Sequence[NDArray[Any]]) -> Floats:
        return self.grid.float32_values(inputs[0])
