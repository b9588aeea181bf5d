"""From calibrated ranges to the scale and zero point of every activation tensor."""

from __future__ import annotations

import math
from collections.abc import Mapping

from paddle_cortexm.compiler.graph import (
    Activation,
    Add,
    AveragePool,
    Convolution,
    DepthwiseConvolution,
    FullyConnected,
    Graph,
    Layer,
    MaxPool,
    Operator,
    Reshape,
)
from paddle_cortexm.compiler.tensor import Grid
from paddle_cortexm.errors import UserError

Range = tuple[float, float]
HARD_SWISH_MINIMUM = -0.375  # at x = -1.5


def grid_of_range(minimum: float, maximum: float, *, symmetric: bool = False) -> Grid:
    """int8 scale and zero point for a real interval; 0 is always exactly representable.

    Asymmetric: all 256 steps cover the interval, so a non-negative tensor gets zero point -128. Symmetric: zero point
    0 and steps of max(|minimum|, |maximum|) / 127.
    """
    minimum, maximum = min(minimum, 0.0), max(maximum, 0.0)
    if maximum - minimum < 1e-12:
        return Grid(1.0, 0)
    if symmetric:
        return Grid(max(-minimum, maximum) / 127, 0)
    scale = (maximum - minimum) / 255
    return Grid(scale, int(max(-128, min(127, round(-128 - minimum / scale)))))


def keeps_grid(operator: Operator) -> bool:
    """True for the operators whose output keeps the input's scale and zero point."""
    return isinstance(operator, AveragePool | MaxPool | Reshape)


def tensor_grids(
    graph: Graph, ranges: Mapping[str, Range], input_range: Range, *, symmetric: bool = False
) -> dict[str, Grid]:
    """Scale and zero point of every tensor of a float graph.

    input_range is what normalised pixels can be. Raises UserError for a tensor without a range.
    """
    chosen = {graph.input: grid_of_range(*input_range, symmetric=symmetric)}
    for layer in graph.layers:
        if keeps_grid(layer.operator):
            chosen[layer.output] = chosen[layer.inputs[0]]
            continue
        if layer.output not in ranges:
            raise UserError(
                f"ranges.json: no range for tensor '{layer.output}' ({type(layer.operator).__name__}); every tensor of "
                f"the graph needs one. Run ./02_quantize.py --force."
            )
        interval = _useful_part(graph, layer, ranges)
        chosen[layer.output] = grid_of_range(*interval, symmetric=symmetric)
    return chosen


def _useful_part(graph: Graph, layer: Layer, ranges: Mapping[str, Range]) -> Range:
    """The calibrated interval without what the producer cannot make or no consumer can tell apart."""
    low, high = _intersect(ranges[layer.output], _producible(layer.operator))
    least, most = distinguishable_range(graph, layer.output, ranges)
    return max(low, least), min(high, most)


def distinguishable_range(graph: Graph, tensor: str, ranges: Mapping[str, Range] | None = None) -> Range:
    """The interval of a tensor's values beyond which all are one to the layers that read it. ranges: of the readers'
    results, which saturate too."""
    wanted = [
        _distinguishable(reader.operator, (ranges or {}).get(reader.output)) for reader in graph.consumers(tensor)
    ]
    if not wanted or tensor == graph.output:
        return -float("inf"), float("inf")
    return min(low for low, _ in wanted), max(high for _, high in wanted)


def _producible(operator: Operator) -> Range:
    match operator:
        case Activation(kind="relu"):
            return 0.0, float("inf")
        case Activation(kind="relu6"):
            return 0.0, 6.0
        case Activation(kind="hard_swish"):
            return HARD_SWISH_MINIMUM, float("inf")
        case Activation(kind="hard_sigmoid"):
            return 0.0, 1.0
        case Convolution() | DepthwiseConvolution() | FullyConnected() | Add():
            low, high = operator.clamp
            return -float("inf") if low is None else low, float("inf") if high is None else high
    return -float("inf"), float("inf")


def _distinguishable(operator: Operator, result: Range | None) -> Range:
    """The inputs that lead to different results: hard-swish is 0 below -3 and saturates with its result's range,
    hard-sigmoid is constant outside its ramp. Saturating there loses nothing."""
    match operator:
        case Activation(kind="hard_swish"):
            return -3.0, float("inf") if result is None else _hard_swish_inverse(result[1])
        case Activation(kind="hard_sigmoid", slope=slope, offset=offset):
            return -offset / slope, (1 - offset) / slope
    return -float("inf"), float("inf")


def _hard_swish_inverse(y: float) -> float:
    """The x >= 0 with x * min(x + 3, 6) / 6 = y."""
    return y if y >= 3 else (math.sqrt(9 + 24 * max(y, 0.0)) - 3) / 2


def _intersect(a: Range, b: Range) -> Range:
    return max(a[0], b[0]), min(a[1], b[1])
