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
    shared = concats_of_one_grid(graph)
    for layer in graph.layers:
        if keeps_grid(layer):
            chosen[layer.output] = chosen[layer.inputs[0]]
            continue
        parts = [_useful_part(graph, concat, ranges) for concat in shared.get(layer.output, (layer,))]
        interval = min(low for low, _ in parts), max(high for _, high in parts)
        is_wide = layer.output in wide
        chosen[layer.output] = (
            wide_grid_of_range(*interval) if is_wide else grid_of_range(*interval, symmetric=symmetric)
        )
    return chosen


def concats_of_one_grid(graph: Graph) -> dict[str, tuple[Layer, ...]]:
    """For each tensor that a concat makes, or that is only moved into concats, all concats that it is tied to: they
    have one grid, which holds what any of them makes, and nothing is rounded twice. A tensor that other layers read too
    has a grid of its own, which may be finer."""
    tied: list[tuple[set[str], list[Layer]]] = []
    only_moved: set[str] = set()
    for layer in reversed(graph.layers):
        readers = list(graph.consumers(layer.output))
        if readers and layer.output != graph.output and all(_moves_into_concat(r, only_moved) for r in readers):
            only_moved.add(layer.output)
        if _float_operator(layer).shares_grid:
            tied.append(({layer.output}, [layer]))
    for layer in graph.layers:
        for name in set(layer.inputs) & only_moved:
            touched = [group for group in tied if group[0] & {name, layer.output}]
            names = {name, layer.output}.union(*(group[0] for group in touched))
            concats = [concat for group in touched for concat in group[1]]
            tied = [group for group in tied if group not in touched] + [(names, concats)]
    return {name: tuple(concats) for names, concats in tied for name in names}


def _moves_into_concat(reader: Layer, only_moved: Collection[str]) -> bool:
    operator = _float_operator(reader)
    return operator.shares_grid or (operator.keeps_grid and reader.output in only_moved)


def _useful_part(graph: Graph, layer: Layer, ranges: Mapping[str, Range]) -> Range:
    """The calibrated interval without what the producer cannot make or no consumer can tell apart."""
    if layer.output not in ranges:
        raise UserError(
            f"ranges.json: no range for the result of layer '{layer_title(graph, layer)}' ({layer.output}); every "
            f"tensor of the graph needs one. Run ./02_quantize.py --force."
        )
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
