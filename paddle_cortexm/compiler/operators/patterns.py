"""Every pattern an operator has in Relax, in order of preference: what covers more calls comes first."""

from __future__ import annotations

from paddle_cortexm.compiler.operators.elementwise import activation, add, divide, extremum, multiply, prelu, subtract
from paddle_cortexm.compiler.operators.movement import concat, crop, pixels, reshape
from paddle_cortexm.compiler.operators.parts.relax_patterns import RelaxPattern
from paddle_cortexm.compiler.operators.pools import adaptive_pool, average_pool, max_pool
from paddle_cortexm.compiler.operators.resize import resize
from paddle_cortexm.compiler.operators.tokens import layer_norm, product, softmax
from paddle_cortexm.compiler.operators.weights import convolution, depthwise_convolution, fully_connected

_MODULES = (
    convolution,
    depthwise_convolution,
    fully_connected,
    activation,
    adaptive_pool,
    add,
    average_pool,
    divide,
    extremum,
    layer_norm,
    max_pool,
    multiply,
    prelu,
    product,
    resize,
    softmax,
    subtract,
    concat,
    crop,
    pixels,
    reshape,
)
PATTERNS: tuple[RelaxPattern, ...] = tuple(
    sorted((pattern for module in _MODULES for pattern in module.PATTERNS), key=lambda pattern: -pattern.calls)
)
