"""Activations that do not fold into their producer, and their integer twin, the table.

What a kind of activation is stands in parts/activation_kinds.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.operators.parts.activation_kinds import (
    ACTIVATION_KINDS,
    ActivationPattern,
    activation_kind,
)
from paddle_cortexm.compiler.operators.parts.base import (
    Elementwise,
    FloatOperator,
    Floats,
    Int8Array,
    IntegerOperator,
)
from paddle_cortexm.compiler.operators.parts.paddle_forms import PaddleForm
from paddle_cortexm.compiler.operators.parts.relax_patterns import Matched, RelaxPattern
from paddle_cortexm.compiler.tensor import INT8_MAXIMUM, INT8_MINIMUM, Grid, Range


@dataclass(frozen=True)
class Activation(Elementwise, FloatOperator):
    """A unary function of a kind in the table; slope and offset are hard_sigmoid's: max(0, min(1, slope * x + offset)).
    Raises UserError for an unknown kind."""

    kind: str
    slope: float = 1.0 / 6.0
    offset: float = 0.5

    def __post_init__(self) -> None:
        activation_kind(self.kind)

    @property
    def layer_kind(self) -> str:
        return "activation"

    @property
    def title(self) -> str:
        return self.kind.replace("_", "-")

    @property
    def producible(self) -> Range:
        return activation_kind(self.kind).producible

    def distinguishable(self, result: Range | None) -> Range:
        return activation_kind(self.kind).distinguishable(result, self.slope, self.offset)

    def evaluate(self, inputs: Sequence[NDArray[Any]]) -> Floats:
        return self.values(inputs[0].astype(np.float64)).astype(np.float32)

    def in_paddle(self, paddle: Any) -> PaddleForm:
        function = activation_kind(self.kind).paddle
        return lambda inputs: function(paddle.nn.functional, inputs[0], self.slope, self.offset)

    def values(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """The function in float64."""
        return activation_kind(self.kind).values(x, self.slope, self.offset)

    def integer(self, inputs: Sequence[Grid], output: Grid, weight_scales: NDArray[np.float64] | None = None) -> Table:
        """All 256 answers: entry q + 128 is the answer for q."""
        (source,) = inputs
        x = source.scale * (np.arange(-128, 128, dtype=np.float64) - source.zero_point)
        y = np.round(self.values(x) / output.scale) + output.zero_point
        return Table(np.clip(y, INT8_MINIMUM, INT8_MAXIMUM).astype(np.int8), self.kind)


@dataclass(frozen=True)
class Table(Elementwise, IntegerOperator):
    """output = table[x + 128]; 256 int8 entries. kind: of the activation that it answers for."""

    table: Int8Array
    kind: str

    @property
    def layer_kind(self) -> str:
        return "activation"

    @property
    def title(self) -> str:
        return self.kind.replace("_", "-")

    def evaluate(self, inputs: Sequence[NDArray[Any]]) -> Int8Array:
        return self.table[inputs[0].astype(np.int64) + 128]


def _pattern(kind: str, written: ActivationPattern) -> RelaxPattern:
    def operator(matched: Matched) -> Activation | None:
        parameters = written.parameters(matched)
        return None if parameters is None else Activation(kind, **parameters)

    return RelaxPattern(kind, written.pattern, (written.x,), operator)


PATTERNS = tuple(_pattern(row.name, written) for row in ACTIVATION_KINDS for written in row.patterns())
