"""What the operators' forms in Paddle share.

The compiler's operators do not import Paddle: whoever has it gives them the module. An operator's form takes its inputs
as Paddle has them, (N, C, H, W), and so makes its result; a vector is (N, C, 1, 1).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from paddle_cortexm.compiler.operators.parts.window import Window

Tensor = Any  # paddle.Tensor
PaddleForm = Callable[[Sequence[Tensor]], Tensor]


def clamped_in_paddle(paddle: Any, x: Tensor, clamp: tuple[float | None, float | None]) -> Tensor:
    """A fused relu or relu6."""
    low, high = clamp
    return x if low is None and high is None else paddle.clip(x, min=low, max=high)


def flattened(x: Tensor) -> Tensor:
    """An image as one pixel, its values in NHWC order as channels."""
    return x.transpose([0, 2, 3, 1]).flatten(1).unsqueeze([2, 3])


def window_settings(window: Window) -> dict[str, list[int]]:
    """Stride and padding as Paddle's convolutions and pools are given them."""
    top, left, bottom, right = window.padding
    return {"stride": list(window.stride), "padding": [top, bottom, left, right]}
