"""From calibrated ranges to the scale and zero point of every activation tensor."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.integers.wide import check_wide
from paddle_cortexm.compiler.layer_names import layer_title
from paddle_cortexm.compiler.operators.parts.base import EVERYTHING, FloatOperator
from paddle_cortexm.compiler.tensor import INT8_MAXIMUM, INT8_MINIMUM, INT16_MAXIMUM, Grid, Range
from paddle_cortexm.errors import UserError


def grid_of_range(minimum: float, maximum: float, *, symmetric: bool = False) -> Grid:
    """int8 scale and zero point for a real interval; 0 is always exactly representable.

    Asymmetric: all 256 steps cover the interval, so a non-negative tensor gets zero point -128. Symmetric: zero point
    0 and steps of max(|minimum|, |maximum|) / 127.
    """
    minimum, maximum = min(minimum, 0.0), max(maximum, 0.0)
    if maximum - minimum < 1e-12:
        return Grid(1.0, 0)
    if symmetric:
        return Grid(max(-minimum, maximum) / INT8_MAXIMUM, 0)
    scale = (maximum - minimum) / 255
    return Grid(scale, int(max(INT8_MINIMUM, min(INT8_MAXIMUM, round(INT8_MINIMUM - minimum / scale)))))


def wide_grid_of_range(minimum: float, maximum: float) -> Grid:
    """The int16 grid for a real interval: symmetric, zero point 0."""
    reach = max(-minimum, maximum)
    return Grid(reach / INT16_MAXIMUM if reach > 1e-12 else 1.0, 0, "int16")


def tensor_grids(
    graph: Graph,
    ranges: Mapping[str, Range],
    input_range: Range,
    *,
    symmetric: bool = False,
    wide: Collection[str] = (),
) -> dict[str, Grid]:
    """The grid of every tensor of a float graph.

    input_range is what normalised pixels can be; wide: the tensors that are int16. Raises UserError for a tensor
    without a range, and for one that cannot be int16.
    """
    check_wide(graph, wide)
    chosen = {graph.input: grid_of_range(*input_range, symmetric=symmetric)}
    for layer in graph.layers:
        if keeps_grid(layer):
            chosen[layer.output] = chosen[layer.inputs[0]]
            continue
        if layer.output not in ranges:
            raise UserError(
                f"ranges.json: no range for the result of layer '{layer_title(graph, layer)}' ({layer.output}); every "
                f"tensor of the graph needs one. Run ./02_quantize.py --force."
            )
        interval = _useful_part(graph, layer, ranges)
        is_wide = layer.output in wide
        chosen[layer.output] = (
            wide_grid_of_range(*interval) if is_wide else grid_of_range(*interval, symmetric=symmetric)
        )
    return chosen


def _useful_part(graph: Graph, layer: Layer, ranges: Mapping[str, Range]) -> Range:
    """The calibrated interval without what the producer cannot make or no consumer can tell apart."""
    low, high = _intersect(ranges[layer.output], _float_operator(layer).producible)
    least, most = distinguishable_range(graph, layer.output, ranges)
    return max(low, least), min(high, most)


def distinguishable_range(graph: Graph, tensor: str, ranges: Mapping[str, Range] | None = None) -> Range:
    """The interval of a tensor's values beyond which all are one to the layers that read it. ranges: of the readers'
    results, which saturate too."""
    wanted = [
        _float_operator(reader).distinguishable((ranges or {}).get(reader.output)) for reader in graph.consumers(tensor)
    ]
    if not wanted or tensor == graph.output:
        return EVERYTHING
    return min(low for low, _ in wanted), max(high for _, high in wanted)


def keeps_grid(layer: Layer) -> bool:
    """Whether the result of a layer of a float graph shares its input's scale and zero point."""
    return _float_operator(layer).keeps_grid


def _float_operator(layer: Layer) -> FloatOperator:
    assert isinstance(layer.operator, FloatOperator), f"{layer.output}: {layer.operator.name} has its integers already"
    return layer.operator


def _intersect(a: Range, b: Range) -> Range:
    return max(a[0], b[0]), min(a[1], b[1])
