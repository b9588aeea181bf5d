"""Leaves out convolutions that only copy: 1 x 1 with identity weights.

Trained networks do not have them, converted ones do: where one framework's block has a convolution that the other's
has not, the converter fills in the identity. It costs instructions, and in int8 a tensor that is rounded twice.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.operators.add import Add
from paddle_cortexm.compiler.operators.convolution import Convolution
from paddle_cortexm.compiler.operators.parts.clamp import OPEN, Clamp, clamp_range
from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.compiler.operators.weighted import Weighted

EXACT = 1e-6  # a folded batch norm leaves float32's rounding behind


def without_copies(graph: Graph) -> Graph:
    """The graph without them; who reads a copy reads its source."""
    source_of: dict[str, str] = {}
    layers: list[Layer] = []
    clamps: dict[str, Clamp] = {}  # of what each tensor is made by
    for layer in graph.layers:
        layer = replace(layer, inputs=tuple(source_of.get(name, name) for name in layer.inputs))
        operator, source = layer.operator, layer.inputs[0]
        if _copies(operator, clamps.get(source, OPEN)) and layer.output != graph.output:
            source_of[layer.output] = source
        else:
            layers.append(layer)
            clamps[layer.output] = operator.clamp if isinstance(operator, Weighted | Add) else OPEN
    return graph.with_layers(tuple(layers))


def _copies(operator: object, source: Clamp) -> bool:
    """Whether the result is the input, whose values are clamped already."""
    if not isinstance(operator, Convolution) or operator.window != Window():
        return False
    rows = operator.weight_rows()
    if rows.shape[0] != rows.shape[1]:
        return False
    (low, high), (given_low, given_high) = clamp_range(operator.clamp), clamp_range(source)
    exact = np.abs(rows - np.eye(len(rows))).max() <= EXACT and np.abs(operator.bias).max() <= EXACT
    return bool(exact and low <= given_low and given_high <= high)
