"""What a tensor is: its shape, its element type and, for int8, the grid its values lie on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Shape = tuple[int, ...]
Range = tuple[float, float]  # the least and the largest real value
DataType = Literal["int8", "float32", "float16"]
BYTES_OF: dict[str, int] = {"int8": 1, "float16": 2, "float32": 4}
INT8_MINIMUM, INT8_MAXIMUM = -128, 127


@dataclass(frozen=True)
class Grid:
    """The real values that int8 stands for: real value = scale * (integer - zero_point)."""

    scale: float
    zero_point: int

    @property
    def limits(self) -> Range:
        """The least and the largest real value."""
        return self.scale * (INT8_MINIMUM - self.zero_point), self.scale * (INT8_MAXIMUM - self.zero_point)

    def integers(self, values: NDArray[np.floating]) -> NDArray[np.int8]:
        """The nearest steps (half to even), saturated at the ends."""
        steps = np.rint(values.astype(np.float64) / self.scale) + self.zero_point
        return np.clip(steps, INT8_MINIMUM, INT8_MAXIMUM).astype(np.int8)

    def float32_steps(self, values: NDArray[np.floating]) -> NDArray[np.float32]:
        """The same in float32 arithmetic, as the generated C converts and as layers are computed in floating point."""
        steps = np.rint(values.astype(np.float32) / np.float32(self.scale)) + np.float32(self.zero_point)
        return np.clip(steps, INT8_MINIMUM, INT8_MAXIMUM)

    def float32_values(self, steps: NDArray[np.integer] | NDArray[np.float32]) -> NDArray[np.float32]:
        """The real values of steps, in float32 arithmetic."""
        return (steps.astype(np.float32) - np.float32(self.zero_point)) * np.float32(self.scale)


@dataclass(frozen=True)
class Tensor:
    """An activation: NHWC shape with batch 1, data type and, for int8, its grid."""

    name: str
    shape: Shape
    dtype: DataType = "float32"
    grid: Grid | None = None

    @property
    def elements(self) -> int:
        return int(np.prod(self.shape))

    @property
    def bytes(self) -> int:
        return self.elements * BYTES_OF[self.dtype]
