"""What streaming a layer costs: instructions that a layer computed row by row needs more than one computed whole.

An estimate, good enough to choose between plans (docs/memory.md has the measured sums). Three things cost, each taken
from profiles of MobileNetV2 and PPLCNet on the simulator: a call for every row or two; pixels at the end of each row
that are no multiple of what the matrix kernels take at a time; single rows where a depthwise kernel would make two from
four rows of its input.
"""

from __future__ import annotations

from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.kernels.cost_model import estimate
from paddle_cortexm.compiler.kernels.kernel import Kernel, KernelGraph
from paddle_cortexm.compiler.operators.weights.depthwise_convolution import AnyDepthwise

CALL = 400  # instructions: finding the layer that is ready, the row pointers, the kernel's prologue
SINGLE_ROW = 0.4  # of a depthwise layer's instructions, when it makes one row at a time and could make two


def added_instructions(graph: Graph, layer: Layer, kernel: Kernel, at_once: int) -> float:
    """Instructions that streaming adds to the layer, when it makes `at_once` rows in a call."""
    _, height, width, _ = graph.output_of(layer).shape
    calls = -(-height // at_once)
    whole = estimate(graph, layer, kernel) or layer.operator.macs(graph.output_of(layer).shape)
    added = float(calls * CALL)
    left_over = at_once * width % kernel.pixels_at_once  # each costs about twice its share
    added += calls * left_over * whole / (height * width)
    if isinstance(layer.operator, AnyDepthwise) and at_once < kernel.rows_at_once:
        added += SINGLE_ROW * whole
    return added


def added_by_layer(model: KernelGraph) -> dict[tuple[str, int], float]:
    """added_instructions by (layer's name, rows at once), for single rows and for as many as the kernel can make."""
    cases = ((x, model.kernel_of(x), rows) for x in model.layers for rows in {1, model.kernel_of(x).rows_at_once})
    return {(x.output, rows): added_instructions(model.graph, x, kernel, rows) for x, kernel, rows in cases}
