"""The same elements with other axes: an image as a vector, tokens as an image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from numpy.typing import NDArray
from tvm.relax.dpl import is_op, wildcard

from paddle_cortexm.compiler.operators.movement.moving import Moving
from paddle_cortexm.compiler.operators.parts.paddle_forms import PaddleForm
from paddle_cortexm.compiler.operators.parts.relax_patterns import Matched, RelaxPattern
from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.compiler.tensor import Shape


@dataclass(frozen=True)
class Reshape(Moving):
    """The same elements in the same order, with this shape (1, H, W, C), or as one vector; the same for floats and for
    integers."""

    shape: Shape | None = None

    @property
    def layer_kind(self) -> str:
        return "reshape"

    @property
    def makes_vector(self) -> bool:
        return self.shape is None or self.shape[1:3] == (1, 1)

    def output_shape(self, inputs: Sequence[Shape]) -> Shape:
        return self.shape or (inputs[0][0], 1, 1, prod(inputs[0][1:]))

    def window_over(self, source: Shape) -> Window:
        return Window(kernel=(source[1], source[2]))

    def evaluate(self, inputs: Sequence[NDArray[Any]]) -> NDArray[Any]:
        return inputs[0].reshape(len(inputs[0]), *self._axes)

    @property
    def _axes(self) -> Shape:
        """Without the batch, as reshape takes it."""
        return (1, 1, -1) if self.shape is None else self.shape[1:]

    def in_paddle(self, paddle: Any) -> PaddleForm:
        return lambda inputs: inputs[0].transpose([0, 2, 3, 1]).reshape([0, *self._axes]).transpose([0, 3, 1, 2])


def _pattern() -> RelaxPattern:
    x = wildcard()
    pattern = is_op("relax.reshape")(x, wildcard())

    def operator(matched: Matched) -> Reshape:
        shape = tuple(int(n) for n in matched[pattern].ty.shape)
        return Reshape(shape if len(shape) == 4 else None)

    return RelaxPattern("reshape", pattern, (x,), operator)


PATTERNS = (_pattern(),)
