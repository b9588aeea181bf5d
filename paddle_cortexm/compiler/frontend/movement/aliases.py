"""Layers that give their input as it is: reshapes that keep the shape, and concats of all channels of one tensor."""

from __future__ import annotations

from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.operators.movement.concat import Concat
from paddle_cortexm.compiler.operators.movement.reshape import Reshape


def without_aliases(graph: Graph) -> Graph:
    """The graph without them: who reads one reads its input."""

    def is_alias(layer: Layer) -> bool:
        operator = layer.operator
        takes_all = isinstance(operator, Concat) and len(operator.runs) == 1
        same = graph.inputs_of(layer)[0].shape == graph.output_of(layer).shape
        return same and (takes_all or isinstance(operator, Reshape))

    return graph.without(is_alias)
