"""Windows of convolutions and pools."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from paddle_cortexm.compiler.tensor import Shape

Element = TypeVar("Element", bound=np.generic)


@dataclass(frozen=True)
class Window:
    """Geometry of a convolution or pooling window: (height, width) pairs; padding is (top, left, bottom, right).
    dilation: from one row or column of the kernel to the next (1: side by side)."""

    kernel: tuple[int, int] = (1, 1)
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)
    dilation: tuple[int, int] = (1, 1)

    @property
    def extent(self) -> tuple[int, int]:
        """Rows and columns from the window's first to its last."""
        height, width = ((k - 1) * d + 1 for k, d in zip(self.kernel, self.dilation, strict=True))
        return height, width

    @property
    def title(self) -> str:
        """3×3, or 3×3/2 with stride 2, 3×3/2×1 with a stride of its own for each side; 3×3 dilated 2×2."""
        dilated = "" if self.dilation == (1, 1) else " dilated {}×{}".format(*self.dilation)
        return f"{self.kernel[0]}×{self.kernel[1]}{self.stride_title}{dilated}"

    @property
    def stride_title(self) -> str:
        """The end of the title: nothing, /2 or /2×1."""
        height, width = self.stride
        if height == width:
            return "" if height == 1 else f"/{height}"
        return f"/{height}×{width}"

    def output_shape(self, source: Shape, channels: int) -> Shape:
        """The shape of what a window over `source` makes; rows and columns that fill no whole window are left out."""
        height, width = (
            (source[1 + axis] + self.padding[axis] + self.padding[axis + 2] - self.extent[axis]) // self.stride[axis]
            + 1
            for axis in range(2)
        )
        return source[0], height, width, channels


def windows(x: NDArray[Element], window: Window, outside: float) -> NDArray[Element]:
    """Every window of x: (N, output height, output width, kernel height, kernel width, channels)."""
    top, left, bottom, right = window.padding
    padded = np.pad(x, ((0, 0), (top, bottom), (left, right), (0, 0)), constant_values=outside)  # type: ignore[arg-type]
    views = sliding_window_view(padded, window.extent, axis=(1, 2))
    strided = views[:, :: window.stride[0], :: window.stride[1], :, :: window.dilation[0], :: window.dilation[1]]
    return strided.transpose(0, 1, 2, 4, 5, 3)


def some_windows(x: NDArray[np.float32], window: Window, most: int) -> NDArray[np.float64]:
    """Windows of x, padded with 0: (windows, kernel height, kernel width, channels). About `most` of them, evenly
    spread, where there are more."""
    seen = windows(x, window, 0.0)
    seen = seen.reshape(-1, *seen.shape[3:])
    return seen[:: max(1, len(seen) // most)].astype(np.float64)


def elements_inside(x: NDArray[np.generic], window: Window) -> NDArray[np.int64]:
    """How many elements of each window of x are no padding: (1, output height, output width, 1)."""
    ones = np.ones((1, *x.shape[1:3], 1), np.int64)
    return windows(ones, window, 0).sum(axis=(3, 4))
