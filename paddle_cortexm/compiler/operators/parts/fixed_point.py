"""Real scales as fixed-point multipliers, and the rounding every integer kernel uses."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

MINIMUM_SHIFT = -31  # below it the result is 0 for every int32 accumulator
INT32_MINIMUM, INT32_MAXIMUM = -(1 << 31), (1 << 31) - 1


def fixed_point(scale: float) -> tuple[int, int]:
    """(multiplier, shift) with scale = multiplier * 2**(shift - 31), multiplier in [2**30, 2**31), or (0, 0).

    The form of gemmlowp and CMSIS-NN. A scale too small to matter becomes (0, 0); scale must not be negative.
    """
    if scale == 0:
        return 0, 0
    mantissa, shift = math.frexp(scale)
    multiplier = round(mantissa * (1 << 31))
    if multiplier == 1 << 31:
        multiplier, shift = multiplier // 2, shift + 1
    return (multiplier, shift) if shift >= MINIMUM_SHIFT else (0, 0)


def fixed_points(scales: NDArray[np.float64]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """`fixed_point` of every scale, as two int32 arrays."""
    pairs = [fixed_point(float(scale)) for scale in scales]
    return np.array([m for m, _ in pairs], np.int32), np.array([s for _, s in pairs], np.int32)


def rounded_mean(sums: NDArray[Any], count: NDArray[Any] | int) -> NDArray[Any]:
    """sums / count, rounded half away from zero: the integers' average pools."""
    return np.sign(sums) * ((np.abs(sums) + count // 2) // count)


def requantise(
    accumulator: NDArray[Any], multiplier: NDArray[np.int32] | int, shift: NDArray[np.int32] | int
) -> NDArray[np.int64]:
    """floor(accumulator * multiplier * 2**(shift - 31) + 1/2) for int32 accumulators: single rounding, 64-bit
    intermediate, saturated to int32. The C of it is helium_requantise in app/runtime/helium/requantise.h."""
    product = accumulator.astype(np.int64) * np.asarray(multiplier, np.int64)
    rounded = ((product >> (30 - np.asarray(shift, np.int64))) + 1) >> 1
    return np.clip(rounded, INT32_MINIMUM, INT32_MAXIMUM)
