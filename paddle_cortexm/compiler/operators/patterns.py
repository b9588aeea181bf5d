"""Every pattern an operator has in Relax, in order of preference: what covers more calls comes first."""

from __future__ import annotations

from paddle_cortexm.compiler.operators import (
    activation,
    add,
    average_pool,
    convolution,
    depthwise_convolution,
    fully_connected,
    max_pool,
    multiply,
    reshape,
    softmax,
)
from paddle_cortexm.compiler.operators.parts.relax_patterns import RelaxPattern

_MODULES = (
    convolution,
    depthwise_convolution,
    fully_connected,
    activation,
    add,
    average_pool,
    max_pool,
    multiply,
    softmax,
    reshape,
)
PATTERNS: tuple[RelaxPattern, ...] = tuple(
    sorted((pattern for module in _MODULES for pattern in module.PATTERNS), key=lambda pattern: -pattern.calls)
)
