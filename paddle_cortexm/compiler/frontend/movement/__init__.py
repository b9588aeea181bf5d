"""Rewrites of the layer graph that leave out movement: of channels (concat, split, slice and shuffle) and of tokens."""

from __future__ import annotations

from paddle_cortexm.compiler.frontend.movement.arranged import arrange_pixels
from paddle_cortexm.compiler.frontend.movement.composed import compose_concats
from paddle_cortexm.compiler.frontend.movement.narrowed import narrow_convolutions
from paddle_cortexm.compiler.frontend.movement.order import order_channels
from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.operators.movement.concat import Concat


def with_less_movement(graph: Graph) -> Graph:
    """The same results; tensors' channels may stand in another order, and a split convolution is several."""
    graph = compose_concats(narrow_convolutions(arrange_pixels(graph)))
    graph = order_channels(narrow_convolutions(graph))

    def takes_all(layer: Layer) -> bool:
        same = graph.inputs_of(layer)[0].shape == graph.output_of(layer).shape
        return isinstance(layer.operator, Concat) and len(layer.operator.runs) == 1 and same

    return graph.without(takes_all)
