"""What a kernel costs: instructions of a layer, estimated from what whole networks were measured to take.

    instructions = a * vectors + b * MACs + c * outputs + d * inputs + e * pixels + f

vectors: outputs times the 16-value vectors in the depth of one sum; MACs; output values; values of the first input;
output pixels. The factors, a row for each kernel, kind of layer and operator, are in costs.json;
`python -m paddle_cortexm.measure.bench.costs` fits them (least squares of the relative error,
no factor negative) to the layers that the bench measured. Instructions, not cycles.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from math import prod
from pathlib import Path

from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.kernels.kernel import Kernel

COSTS = Path(__file__).with_name("costs.json")
VECTOR = 16  # int8 values a Helium register holds


@cache
def fitted_costs() -> Mapping[str, Sequence[float]]:
    """costs.json: {key: [a, b, c, d, e, f]}."""
    costs: dict[str, list[float]] = json.loads(COSTS.read_text(encoding="utf-8"))
    return costs


def key(kernel: str, kind: str, operator: str) -> str:
    """The row of costs.json. operator: Operator.name, which says what is fused."""
    return f"{kernel}, {kind}, {operator}"


def quantities(macs: int, output_shape: Sequence[int], input_shape: Sequence[int]) -> tuple[float, ...]:
    """vectors, MACs, outputs, inputs, pixels and 1: what the factors multiply."""
    pixels, outputs = prod(output_shape[1:3]), prod(output_shape)
    vectors = outputs * -(-(macs // outputs) // VECTOR)
    return tuple(map(float, (vectors, macs, outputs, prod(input_shape), pixels, 1)))


def estimate(graph: Graph, layer: Layer, kernel: Kernel) -> int | None:
    """Instructions of the layer with this kernel, None where no layer of its kind was ever measured with it."""
    factors = fitted_costs().get(key(kernel.name, layer.operator.layer_kind, layer.operator.name))
    if factors is None:
        return None
    shapes = graph.output_of(layer).shape, graph.inputs_of(layer)[0].shape
    given = quantities(layer.operator.macs(shapes[0]), *shapes)
    return round(sum(factor * quantity for factor, quantity in zip(factors, given, strict=True)))
