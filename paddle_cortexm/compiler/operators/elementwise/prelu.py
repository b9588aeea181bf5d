"""PReLU: a leaky relu with a slope of its own for each channel. In integers that would take a table a channel: it is a
scale a channel below the zero point instead, and one for all above it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tvm.relax.dpl import is_const, is_op, wildcard

from paddle_cortexm.compiler.operators.parts.base import (
    Elementwise,
    FloatOperator,
    Floats,
    IntegerOperator,
    Integers,
)
from paddle_cortexm.compiler.operators.parts.paddle_forms import PaddleForm
from paddle_cortexm.compiler.operators.parts.relax_patterns import RelaxPattern, constant_array
from paddle_cortexm.compiler.operators.parts.requantisation import Requantisation, requantisation
from paddle_cortexm.compiler.tensor import Grid

PRELU_SHIFT = 20  # left, of the input less its zero point: 9 bits of 32


@dataclass(frozen=True)
class PRelu(Elementwise, FloatOperator):
    """max(x, 0) + slopes * min(x, 0); slopes: (C,)."""

    slopes: Floats

    @property
    def layer_kind(self) -> str:
        return "activation"

    @property
    def title(self) -> str:
        return "prelu"

    def evaluate(self, inputs: Sequence[NDArray[Any]]) -> Floats:
        (x,) = inputs
        return np.where(x > 0, x, self.slopes * x).astype(np.float32)

    def in_paddle(self, paddle: Any) -> PaddleForm:
        slopes = paddle.to_tensor(self.slopes)
        return lambda inputs: paddle.nn.functional.prelu(inputs[0], slopes)

    def integer(
        self, inputs: Sequence[Grid], output: Grid, weight_scales: NDArray[np.float64] | None = None
    ) -> IntegerPRelu:
        step = np.array([inputs[0].scale / output.scale / 2**PRELU_SHIFT])
        below = requantisation(step * np.abs(self.slopes.astype(np.float64)), output)
        signed = np.where(self.slopes < 0, -below.multiplier, below.multiplier).astype(np.int32)
        return IntegerPRelu(
            inputs[0].zero_point, above=requantisation(step, output), below=replace(below, multiplier=signed)
        )


@dataclass(frozen=True)
class IntegerPRelu(Elementwise, IntegerOperator):
    """accumulator = (x - zero_point) << PRELU_SHIFT, requantised by `above` (one scale) where it is not negative, else
    by `below` (one a channel; a multiplier is negative where the slope is)."""

    zero_point: int
    above: Requantisation
    below: Requantisation

    @property
    def layer_kind(self) -> str:
        return "activation"

    @property
    def title(self) -> str:
        return "prelu"

    def evaluate(self, inputs: Sequence[NDArray[Any]]) -> Integers:
        accumulator = (inputs[0].astype(np.int64) - self.zero_point) << PRELU_SHIFT
        return np.where(accumulator >= 0, self.above.of(accumulator), self.below.of(accumulator))


def _pattern() -> RelaxPattern:
    x, slopes = wildcard(), is_const()
    pattern = is_op("relax.nn.prelu")(x, slopes)
    return RelaxPattern("prelu", pattern, (x,), lambda matched: PRelu(constant_array(matched[slopes])))


PATTERNS = (_pattern(),)
