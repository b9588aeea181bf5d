"""Between integers and floats: around layers that are kept in float32."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.operators.parts.base import Elementwise, Floats, Int8Array, IntegerOperator
from paddle_cortexm.compiler.tensor import Grid


@dataclass(frozen=True)
class Quantise(Elementwise, IntegerOperator):
    """float32 to int8, in float32 arithmetic: clamp(round half to even(x / scale) + zero_point)."""

    grid: Grid

    @property
    def layer_kind(self) -> str:
        return "quantise"

    def evaluate(self, inputs: Sequence[NDArray[Any]]) -> Int8Array:
        return self.grid.float32_steps(inputs[0]).astype(np.int8)


@dataclass(frozen=True)
class Dequantise(Elementwise, IntegerOperator):
    """int8 to float32, in float32 arithmetic: (x - zero_point) * scale."""

    grid: Grid

    @property
    def layer_kind(self) -> str:
        return "dequantise"

    def evaluate(self, inputs: Sequence[NDArray[Any]]) -> Floats:
        return self.grid.float32_values(inputs[0])
