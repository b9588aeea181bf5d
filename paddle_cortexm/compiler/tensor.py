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

    def integers(self, values: NDArray[np.floating]) -> NDArray[np.int8]:
        """The nearest steps (half to even), saturated at the ends."""
        steps = np.rint(values.astype(np.float64) / self.scale) + self.zero_point
        return np.clip(steps, INT8_MINIMUM, INT8_MAXIMUM).astype(np.int8)


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
