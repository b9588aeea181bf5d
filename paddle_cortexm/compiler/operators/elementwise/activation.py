"""Activations that do not fold into their producer, and their integer twin, the table.

What a kind of activation is stands in parts/activation_kinds.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.operators.parts.activation_kinds import ACTIVATION_KINDS, activation_kind
from paddle_cortexm.compiler.operators.parts.activation_row import ActivationPattern, Parameters
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
    """A unary function of a kind in the table. parameters: its own, by name; those not given have the usual value.
    Raises UserError for an unknown kind."""

    kind: str
    parameters: Parameters = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        defaults = activation_kind(self.kind).defaults
        unknown = self.parameters.keys() - defaults.keys()
        assert not unknown, f"{self.kind} has no {', '.join(sorted(unknown))}"
        object.__setattr__(self, "parameters", {**defaults, **self.parameters})

    @property
    def layer_kind(self) -> str:
        return "activation"

    @property
    def title(self) -> str:
        return self.kind.replace("_", "-")

    @property
    def producible(self) -> Range:
        return activation_kind(self.kind).producible(self.parameters)

    def distinguishable(self, result: Range | None) -> Range:
        return activation_kind(self.kind).distinguishable(result, self.parameters)

    def evaluate(self, inputs: Sequence[NDArray[Any]]) -> Floats:
        return self.values(inputs[0].astype(np.float64)).astype(np.float32)

    def in_paddle(self, paddle: Any) -> PaddleForm:
        function = activation_kind(self.kind).paddle
        return lambda inputs: function(paddle.nn.functional, inputs[0], self.parameters)

    def values(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """The function in float64; NaN where it has no result."""
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            return activation_kind(self.kind).values(x, self.parameters)

    def integer(self, inputs: Sequence[Grid], output: Grid, weight_scales: NDArray[np.float64] | None = None) -> Table:
        """All 256 answers: entry q + 128 is the answer for q, 0 where the function has no result."""
        (source,) = inputs
        x = source.scale * (np.arange(-128, 128, dtype=np.float64) - source.zero_point)
        results = self.values(x)
        y = np.round(np.where(np.isnan(results), 0.0, results) / output.scale) + output.zero_point
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
        return None if parameters is None else Activation(kind, parameters)

    return RelaxPattern(kind, written.pattern, (written.x,), operator)


PATTERNS = tuple(_pattern(row.name, written) for row in ACTIVATION_KINDS for written in row.patterns())
