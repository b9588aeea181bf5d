"""Rewrites of the layer graph that leave out movement: of channels (concat, split, slice and shuffle) and of tokens."""

from __future__ import annotations

from paddle_cortexm.compiler.frontend.movement.aliases import without_aliases
from paddle_cortexm.compiler.frontend.movement.arranged import arrange_pixels
from paddle_cortexm.compiler.frontend.movement.composed import compose_concats
from paddle_cortexm.compiler.frontend.movement.narrowed import narrow_convolutions
from paddle_cortexm.compiler.frontend.movement.order import order_channels
from paddle_cortexm.compiler.graph import Graph


def with_less_movement(graph: Graph) -> Graph:
    """The same results; tensors' channels may stand in another order, and a split convolution is several."""
    graph = compose_concats(narrow_convolutions(arrange_pixels(graph)))
    return without_aliases(order_channels(narrow_convolutions(graph)))
