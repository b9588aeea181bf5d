"""A whole graph on the integer grid in floating point, in numpy: what faster ways to do so are compared with."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from paddle_cortexm.compiler.graph import Graph
from paddle_cortexm.compiler.integers.fake_quantisation import (
    Floats,
    Scales,
    float_tensors,
    on_weight_grid,
    one_layer,
    to_grid,
)
from paddle_cortexm.compiler.tensor import Grid


def run_fake_quantised(
    graph: Graph,
    grids: Mapping[str, Grid],
    images: Floats,
    weight_scales: Scales | None = None,
    keep_float: Collection[str] = (),
) -> dict[str, Floats]:
    """Every tensor of the graph by name, on its grid (but for float_tensors), for (N, H, W, 3) images."""
    floats = float_tensors(graph, keep_float)
    tensors = {graph.input: to_grid(images, grids[graph.input])}
    for layer in graph.layers:
        deployed = layer if layer.output in keep_float else on_weight_grid(layer, grids, weight_scales or {})
        result = one_layer(deployed, tensors, graph)
        tensors[layer.output] = result if layer.output in floats else to_grid(result, grids[layer.output])
    return tensors
