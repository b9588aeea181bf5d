"""Some rows and columns of an image, every one or every n-th."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray
from tvm.relax.dpl import is_op, wildcard

from paddle_cortexm.compiler.operators.movement.moving import Moving
from paddle_cortexm.compiler.operators.parts.paddle_forms import PaddleForm
from paddle_cortexm.compiler.operators.parts.relax_patterns import Matched, RelaxPattern
from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.compiler.tensor import Shape


@dataclass(frozen=True)
class Crop(Moving):
    """Rows and columns; the same for floats and for integers. Both ranges lie inside the image and count upwards."""

    rows: range
    columns: range

    @property
    def layer_kind(self) -> str:
        return "crop"

    def output_shape(self, inputs: Sequence[Shape]) -> Shape:
        return inputs[0][0], len(self.rows), len(self.columns), inputs[0][3]

    def window_over(self, source: Shape) -> Window:
        """A window of one pixel; of what stands above the first row none is read."""
        return Window(stride=(self.rows.step, self.columns.step), padding=(-self.rows.start, -self.columns.start, 0, 0))

    def evaluate(self, inputs: Sequence[NDArray[Any]]) -> NDArray[Any]:
        return inputs[0][:, self.rows][:, :, self.columns]

    def in_paddle(self, paddle: Any) -> PaddleForm:
        rows, columns = (slice(span.start, span.stop, span.step) for span in (self.rows, self.columns))
        return lambda inputs: inputs[0][:, :, rows, columns]


def _pattern() -> RelaxPattern:
    """relax.strided_slice over height and width."""
    x = wildcard()
    pattern = is_op("relax.strided_slice")(x, wildcard(), wildcard(), wildcard(), wildcard())

    def operator(matched: Matched) -> Crop | None:
        axes, begins, ends, steps = ([int(n.value) for n in matched[pattern].args[k].fields] for k in range(1, 5))
        spans = {axis: range(*span) for axis, *span in zip(axes, begins, ends, steps, strict=True)}
        _, height, width, _ = (int(n) for n in matched[x].ty.shape)
        if not spans.keys() <= {1, 2}:
            return None
        return Crop(spans.get(1, range(height)), spans.get(2, range(width)))

    return RelaxPattern("crop", pattern, (x,), operator)


PATTERNS = (_pattern(),)
