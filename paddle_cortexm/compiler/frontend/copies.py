"""Leaves out convolutions that only copy: 1 x 1 with identity weights.

Trained networks do not have them, converted ones do: where one framework's block has a convolution that the other's
has not, the converter fills in the identity. It costs instructions, and in int8 a tensor that is rounded twice.
"""

from __future__ import annotations

import numpy as np

from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.operators.parts.base import EVERYTHING, FloatOperator, Operator
from paddle_cortexm.compiler.operators.weights.convolution import Convolution
from paddle_cortexm.compiler.tensor import Range

EXACT = 1e-6  # a folded batch norm leaves float32's rounding behind


def without_copies(graph: Graph) -> Graph:
    """The graph without them; the last layer stays, as the output's name is its own."""
    made_by = {layer.output: layer.operator for layer in graph.layers}

    def is_copy(layer: Layer) -> bool:
        maker = made_by.get(layer.inputs[0])
        given = maker.producible if isinstance(maker, FloatOperator) else EVERYTHING
        return layer.output != graph.output and _copies(layer.operator, given)

    return graph.without(is_copy)


def _copies(operator: Operator, given: Range) -> bool:
    """Whether the result is the input, whose values lie in the given range."""
    if not isinstance(operator, Convolution) or not operator.is_matrix_product:
        return False
    rows = operator.weight_rows()
    if rows.shape[0] != rows.shape[1]:
        return False
    low, high = operator.producible
    exact = np.abs(rows - np.eye(len(rows))).max() <= EXACT and np.abs(operator.bias).max() <= EXACT
    return bool(exact and low <= given[0] and given[1] <= high)
