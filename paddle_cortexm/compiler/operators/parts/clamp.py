"""A fused relu or relu6: bounds of a result, None where it is open."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.operators.parts.base import Floats
from paddle_cortexm.compiler.tensor import Grid, Range

Clamp = tuple[float | None, float | None]
OPEN: Clamp = (None, None)


def clamped(values: NDArray[Any], clamp: Clamp) -> Floats:
    """The values within the bounds, as float32."""
    low, high = clamp
    return np.clip(values, low, high).astype(np.float32) if clamp != OPEN else values.astype(np.float32)


def clamp_range(clamp: Clamp) -> Range:
    """The interval that clamped values lie in."""
    low, high = clamp
    return -float("inf") if low is None else low, float("inf") if high is None else high


def integer_clamp(clamp: Clamp, output: Grid) -> tuple[int, int]:
    """The bounds on the output's grid, inside its ends."""
    least, most = output.ends

    def on_grid(bound: float) -> int:
        return int(max(least, min(most, round(bound / output.scale) + output.zero_point)))

    low, high = clamp
    return least if low is None else on_grid(low), most if high is None else on_grid(high)
