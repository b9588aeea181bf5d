"""The integer graph's grid in floating point: every tensor and weight rounded to where the integers will put it.

A layer or a tensor at a time, in numpy: what weights are rounded and corrected by, and what reports compare layers
with. It differs from the generated C only where a sum lies at the edge between two steps.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.operators.parts.base import Operator
from paddle_cortexm.compiler.operators.weights.weighted import Weighted
from paddle_cortexm.compiler.tensor import Grid

Floats = NDArray[np.float32]
Scales = Mapping[str, NDArray[np.float64]]


def to_grid(values: Floats, grid: Grid) -> Floats:
    """Real values rounded to a grid, saturated at its ends."""
    return grid.float32_values(grid.float32_steps(values))


def on_weight_grid(layer: Layer, grids: Mapping[str, Grid], weight_scales: Scales) -> Layer:
    """The layer with the real values of its int8 weights and int32 bias; layers without weights as they are."""
    operator = layer.operator
    if not isinstance(operator, Weighted):
        return layer
    source = grids[layer.inputs[0]].scale
    weight, bias, scales = operator.integer_weights(source, weight_scales.get(layer.output))
    real = (weight * operator.by_channel(scales)).astype(np.float32)
    return replace(layer, operator=operator.with_weights(real, (bias * scales * source).astype(np.float32)))


def float_tensors(graph: Graph, keep_float: Collection[str]) -> frozenset[str]:
    """What layers kept in float pass to each other alone: it never lies on a grid."""
    made = {layer.output for layer in graph.layers if layer.output in keep_float} - {graph.output}
    read_as_integers = {name for layer in graph.layers if layer.output not in keep_float for name in layer.inputs}
    return frozenset(made - read_as_integers)


def one_layer(layer: Layer, tensors: Mapping[str, Floats], graph: Graph) -> Floats:
    """The layer's result in floating point: (N, ...) in the shape of its output."""
    result = layer.operator.evaluate([tensors[name] for name in layer.inputs])
    return result.reshape(len(result), *graph.tensors[layer.output].shape[1:])


def unclamped(operator: Operator) -> Operator:
    """The operator without its fused activation."""
    return operator.unclamped() if isinstance(operator, Weighted) else operator
