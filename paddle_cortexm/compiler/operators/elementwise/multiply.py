"""The product of two tensors, as in squeeze-and-excitation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tvm.relax.dpl import is_op, wildcard

from paddle_cortexm.compiler.operators.parts.base import (
    Elementwise,
    FloatOperator,
    Floats,
    Int8Array,
    IntegerOperator,
)
from paddle_cortexm.compiler.operators.parts.paddle_forms import PaddleForm
from paddle_cortexm.compiler.operators.parts.relax_patterns import RelaxPattern
from paddle_cortexm.compiler.operators.parts.requantisation import Requantisation, requantisation
from paddle_cortexm.compiler.tensor import Grid


@dataclass(frozen=True)
class Multiply(Elementwise, FloatOperator):
    """Product; the second input may be (1, 1, 1, C) and is then broadcast over height and width."""

    @property
    def layer_kind(self) -> str:
        return "multiply"

    def evaluate(self, inputs: Sequence[NDArray[Any]]) -> Floats:
        return inputs[0] * inputs[1]

    def in_paddle(self, paddle: Any) -> PaddleForm:
        return lambda inputs: inputs[0] * inputs[1]

    def integer(
        self, inputs: Sequence[Grid], output: Grid, weight_scales: NDArray[np.float64] | None = None
    ) -> IntegerMultiply:
        scale = np.array([inputs[0].scale * inputs[1].scale / output.scale])
        return IntegerMultiply((inputs[0].zero_point, inputs[1].zero_point), requantisation(scale, output))


@dataclass(frozen=True)
class IntegerMultiply(Elementwise, IntegerOperator):
    """accumulator = (x0 - zero_points[0]) * (x1 - zero_points[1]); x1 may be (1, 1, 1, C), broadcast."""

    zero_points: tuple[int, int]
    requantisation: Requantisation

    @property
    def layer_kind(self) -> str:
        return "multiply"

    def evaluate(self, inputs: Sequence[NDArray[Any]]) -> Int8Array:
        first, second = (x.astype(np.int64) - z for x, z in zip(inputs, self.zero_points, strict=True))
        return self.requantisation.of(first * second)


def _pattern() -> RelaxPattern:
    x, y = wildcard(), wildcard()
    return RelaxPattern("multiply", is_op("relax.multiply")(x, y), (x, y), lambda matched: Multiply())


PATTERNS = (_pattern(),)
