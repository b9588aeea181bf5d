"""The end of an integer layer: from 32-bit sums to int8 or int16.

The arithmetic is CMSIS-NN's, with single rounding; in numpy it stands in fixed_point.py, in C in
app/runtime/helium/requantise.h:

    requantise(a, multiplier, shift) = floor(a * multiplier * 2**(shift - 31) + 1/2)   (64-bit intermediate, saturated
                                                                                       to int32)

where multiplier is in [2**30, 2**31) (or 0) and shift is the exponent (positive: left).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.operators.parts.base import Int32Array, Integers
from paddle_cortexm.compiler.operators.parts.clamp import OPEN, Clamp, integer_clamp
from paddle_cortexm.compiler.operators.parts.fixed_point import fixed_points, requantise
from paddle_cortexm.compiler.tensor import INT8_MAXIMUM, INT8_MINIMUM, Grid, IntegerType


@dataclass(frozen=True)
class Requantisation:
    """Per-channel (length C) or per-tensor (length 1) fixed-point scale and the clamp of the result.

    output = clamp(requantise(accumulator, multiplier[c], shift[c]) + output_zero_point, minimum, maximum)

    dtype: of the output.
    """

    multiplier: Int32Array
    shift: Int32Array
    output_zero_point: int
    minimum: int = INT8_MINIMUM
    maximum: int = INT8_MAXIMUM
    dtype: IntegerType = "int8"

    def of(self, accumulator: NDArray[Any]) -> Integers:
        """The results of int32 sums (..., C)."""
        result = requantise(accumulator, self.multiplier, self.shift) + self.output_zero_point
        return np.clip(result, self.minimum, self.maximum).astype(self.dtype)


def requantisation(scales: NDArray[np.float64], output: Grid, clamp: Clamp = OPEN) -> Requantisation:
    """From sums in steps of `scales` times the output's scale."""
    return Requantisation(*fixed_points(scales), output.zero_point, *integer_clamp(clamp, output), output.dtype)
