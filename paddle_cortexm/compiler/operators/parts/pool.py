"""What average and max pools, of floats and of integers, share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from paddle_cortexm.compiler.operators.parts.base import Operator
from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.compiler.tensor import Shape


class Pool(Operator):
    """One value a window and channel. word: what people call it."""

    word: ClassVar[str]
    window: Window

    @property
    def layer_kind(self) -> str:
        return "pool"

    @property
    def title(self) -> str:
        return f"{self.word} {self.window.title}"

    def output_shape(self, inputs: Sequence[Shape]) -> Shape:
        return self.window.output_shape(inputs[0], inputs[0][-1])

    def window_over(self, source: Shape) -> Window:
        return self.window

    @property
    def outside_value(self) -> int:
        return 0  # never read: padding does not count, so the kernels keep their windows inside
