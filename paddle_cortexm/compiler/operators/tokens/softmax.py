"""Softmax over the channels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tvm.relax.dpl import is_op, wildcard

from paddle_cortexm.compiler.operators.parts.base import Elementwise, FloatOperator, Floats
from paddle_cortexm.compiler.operators.parts.paddle_forms import PaddleForm
from paddle_cortexm.compiler.operators.parts.relax_patterns import RelaxPattern


@dataclass(frozen=True)
class Softmax(Elementwise, FloatOperator):
    """Softmax over the channels; it has no integer twin."""

    @property
    def layer_kind(self) -> str:
        return "softmax"

    def evaluate(self, inputs: Sequence[NDArray[Any]]) -> Floats:
        x = inputs[0]
        exponentials = np.exp(x - x.max(axis=-1, keepdims=True))
        return exponentials / exponentials.sum(axis=-1, keepdims=True)

    def in_paddle(self, paddle: Any) -> PaddleForm:
        return lambda inputs: paddle.nn.functional.softmax(inputs[0], axis=1)


def _pattern() -> RelaxPattern:
    x = wildcard()
    return RelaxPattern("softmax", is_op("relax.nn.softmax")(x), (x,), lambda matched: Softmax())


PATTERNS = (_pattern(),)
