"""Softmax over the channels of every pixel; of scores (1, heads, rows, columns), over the columns."""

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
from paddle_cortexm.compiler.tensor import Grid, Range

TABLE_BITS = 30  # of the table's largest entry and of the number of channels, together


@dataclass(frozen=True)
class Softmax(Elementwise, FloatOperator):
    """exp(x) over the sum of it."""

    @property
    def layer_kind(self) -> str:
        return "softmax"

    @property
    def producible(self) -> Range:
        return 0.0, 1.0

    def evaluate(self, inputs: Sequence[NDArray[Any]]) -> Floats:
        x = inputs[0]
        exponentials = np.exp(x - x.max(axis=-1, keepdims=True))
        return exponentials / exponentials.sum(axis=-1, keepdims=True)

    def in_paddle(self, paddle: Any) -> PaddleForm:
        return lambda inputs: paddle.nn.functional.softmax(inputs[0], axis=1)

    def integer(
        self, inputs: Sequence[Grid], output: Grid, weight_scales: NDArray[np.float64] | None = None
    ) -> IntegerSoftmax:
        return IntegerSoftmax(inputs[0].scale, requantisation(np.array([2.0**-31 / output.scale]), output))


@dataclass(frozen=True)
class IntegerSoftmax(Elementwise, IntegerOperator):
    """Of int8, in exact integers; a pixel has C channels x:

    entry = table[max(x) - x]                        (table: `table_for(C)`; 1 is 2^(30 - bits of C - 1))
    places = leading zeros of the 32-bit sum(entry)
    inverse = min(floor(2^63 / (sum(entry) << places)), 2^32 - 1)
    share = min((entry << places) * inverse >> 32, 2^31 - 1)    (the probability, in 2^-31)
    output = clamp(requantise(share, multiplier, shift) + output_zero_point)
    """

    scale: float  # of the input
    requantisation: Requantisation

    @property
    def layer_kind(self) -> str:
        return "softmax"

    def table_for(self, channels: int) -> NDArray[np.uint32]:
        """exp(-scale * d) for distances d = 0 ... 255 from the largest."""
        one = 1 << (TABLE_BITS - (channels - 1).bit_length())
        return np.rint(np.exp(-self.scale * np.arange(256)) * one).astype(np.uint32)

    def evaluate(self, inputs: Sequence[NDArray[Any]]) -> Int8Array:
        x = inputs[0].astype(np.int64)
        entries = self.table_for(x.shape[-1]).astype(np.int64)[x.max(axis=-1, keepdims=True) - x]
        total = entries.sum(axis=-1, keepdims=True)
        places = 32 - np.frexp(total.astype(np.float64))[1].astype(np.int64)
        inverse = np.minimum((np.uint64(1) << np.uint64(63)) // (total << places).astype(np.uint64), (1 << 32) - 1)
        shares = ((entries << places).astype(np.uint64) * inverse.astype(np.uint64)) >> np.uint64(32)
        return self.requantisation.of(np.minimum(shares, (1 << 31) - 1).astype(np.int64))


def _pattern() -> RelaxPattern:
    x = wildcard()
    return RelaxPattern("softmax", is_op("relax.nn.softmax")(x), (x,), lambda matched: Softmax())


PATTERNS = (_pattern(),)
