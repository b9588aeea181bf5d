"""Chosen pixels of an image in any order, as where patches become tokens and tokens patches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tvm.relax.dpl import is_const, is_op, is_tuple, wildcard

from paddle_cortexm.compiler.operators.movement.moving import Moving
from paddle_cortexm.compiler.operators.parts.paddle_forms import PaddleForm
from paddle_cortexm.compiler.operators.parts.relax_patterns import Matched, RelaxPattern
from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.compiler.tensor import Shape

IN_RELAX = "chosen_pixels"


@dataclass(frozen=True)
class Pixels(Moving):
    """Pixel (y, x) of the result is pixel number `chosen[y, x]` of the image; the same for floats and for integers."""

    chosen: NDArray[np.int64]

    @property
    def layer_kind(self) -> str:
        return "pixels"

    def output_shape(self, inputs: Sequence[Shape]) -> Shape:
        return inputs[0][0], *self.chosen.shape, inputs[0][3]  # type: ignore[return-value]

    def window_over(self, source: Shape) -> Window:
        return Window(kernel=(source[1], source[2]))

    def evaluate(self, inputs: Sequence[NDArray[Any]]) -> NDArray[Any]:
        x = inputs[0]
        return x.reshape(len(x), -1, x.shape[-1])[:, self.chosen]

    def in_paddle(self, paddle: Any) -> PaddleForm:
        index = paddle.to_tensor(self.chosen.reshape(-1))

        def taken(inputs: Sequence[Any]) -> Any:
            pixels = paddle.index_select(inputs[0].flatten(2), index, axis=2)
            return pixels.reshape([*pixels.shape[:2], *self.chosen.shape])

        return taken


def _pattern() -> RelaxPattern:
    """A call of the extern function: (image, chosen pixels)."""
    x, chosen = wildcard(), is_const()
    pattern = is_op("relax.call_dps_packed")(wildcard(), is_tuple([x, chosen]))

    def operator(matched: Matched) -> Pixels | None:
        if str(matched[pattern].args[0].global_symbol) != IN_RELAX:
            return None
        return Pixels(matched[chosen].value.numpy().astype(np.int64))

    return RelaxPattern("pixels", pattern, (x,), operator)


PATTERNS = (_pattern(),)
