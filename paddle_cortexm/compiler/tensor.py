"""What a tensor is: its shape, its element type and, for integers, the grid its values lie on."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Shape = tuple[int, ...]
Range = tuple[float, float]  # the least and the largest real value
IntegerType = Literal["int8", "int16"]
DataType = Literal[IntegerType, "float32", "float16"]
BYTES_OF: dict[str, int] = {"int8": 1, "int16": 2, "float16": 2, "float32": 4}
INT8_MINIMUM, INT8_MAXIMUM = -128, 127
# 15 bits: a sum of products of int16 with int8 weights stays in 32 bits up to a depth of 774, and beyond it where not
# all weights are the largest (integers/wide.py).
INT16_MINIMUM, INT16_MAXIMUM = -16383, 16383
ENDS: dict[IntegerType, tuple[int, int]] = {
    "int8": (INT8_MINIMUM, INT8_MAXIMUM),
    "int16": (INT16_MINIMUM, INT16_MAXIMUM),
}


@dataclass(frozen=True)
class Grid:
    """The real values that integers stand for: real value = scale * (integer - zero_point). int16 has zero point 0."""

    scale: float
    zero_point: int
    dtype: IntegerType = "int8"

    @property
    def ends(self) -> tuple[int, int]:
        """The least and the largest integer."""
        return ENDS[self.dtype]

    @property
    def limits(self) -> Range:
        """The least and the largest real value."""
        minimum, maximum = self.ends
        return self.scale * (minimum - self.zero_point), self.scale * (maximum - self.zero_point)

    def integers(self, values: NDArray[np.floating]) -> NDArray[np.signedinteger]:
        """The nearest steps (half to even), saturated at the ends."""
        steps = np.rint(values.astype(np.float64) / self.scale) + self.zero_point
        return np.clip(steps, *self.ends).astype(self.dtype)

    def float32_steps(self, values: NDArray[np.floating]) -> NDArray[np.float32]:
        """The same in float32 arithmetic, as the generated C converts and as layers are computed in floating point."""
        steps = np.rint(values.astype(np.float32) / np.float32(self.scale)) + np.float32(self.zero_point)
        return np.clip(steps, *self.ends)

    def float32_values(self, steps: NDArray[np.integer] | NDArray[np.float32]) -> NDArray[np.float32]:
        """The real values of steps, in float32 arithmetic."""
        return (steps.astype(np.float32) - np.float32(self.zero_point)) * np.float32(self.scale)


@dataclass(frozen=True)
class Tensor:
    """An activation: NHWC shape with batch 1, data type and, for integers, its grid."""

    name: str
    shape: Shape
    dtype: DataType = "float32"
    grid: Grid | None = None

    @property
    def elements(self) -> int:
        return prod(self.shape)

    @property
    def bytes(self) -> int:
        return self.elements * BYTES_OF[self.dtype]
