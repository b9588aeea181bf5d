"""Row streaming: a run of layers computed row by row, so that the tensors between them never exist whole.

A segment is a run of consecutive layers with one tensor coming in and one going out. Inside it each tensor has a
rolling buffer that holds only the rows its readers still need. The order of work is fixed by one rule: of all layers
whose input rows are there, the deepest one makes its next row. Nothing is computed twice, so the result is the same
bits as layer by layer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from paddle_cortexm.compiler.graph import (
    Graph,
    IntegerAveragePool,
    IntegerConvolution,
    IntegerDepthwiseConvolution,
    IntegerMaxPool,
    Layer,
)


@dataclass(frozen=True)
class RowAccess:
    """Output row y reads the input rows y * stride - padding ... + kernel - 1 (those inside the image)."""

    tensor: str
    kernel: int = 1
    stride: int = 1
    padding: int = 0

    def first(self, row: int) -> int:
        return max(0, row * self.stride - self.padding)

    def last(self, row: int, height: int) -> int:
        return min(row * self.stride - self.padding + self.kernel, height) - 1


@dataclass(frozen=True)
class RowLayer:
    """A layer as its rows: what output row y reads, and how many rows there are."""

    output: str
    height: int
    accesses: tuple[RowAccess, ...]


def row_layer(graph: Graph, layer: Layer) -> RowLayer:
    """The rows a layer reads for each row it makes: a window on the first input, the same row of any other."""
    window = getattr(layer.operator, "window", None)
    accesses = [RowAccess(name) for name in layer.inputs]
    if isinstance(
        layer.operator, IntegerConvolution | IntegerDepthwiseConvolution | IntegerAveragePool | IntegerMaxPool
    ):
        assert window is not None
        accesses[0] = RowAccess(layer.inputs[0], window.kernel[0], window.stride[0], window.padding[0])
    return RowLayer(layer.output, graph.tensors[layer.output].shape[1], tuple(accesses))


def rolling_rows(layers: Sequence[RowLayer], available: Mapping[str, int]) -> dict[str, int]:
    """Rows each tensor made inside the segment needs at most, by running the schedule.

    available: height of every tensor that is whole before the segment starts. The segment's last output is included
    as if it were rolling with no reader (callers keep it whole).
    """
    heights = {layer.output: layer.height for layer in layers} | dict(available)
    made = {layer.output: 0 for layer in layers} | dict(available)
    needed = {layer.output: 1 for layer in layers}
    while made[layers[-1].output] < layers[-1].height:
        layer = next(x for x in reversed(layers) if _ready(x, made, heights))
        made[layer.output] += 1
        live = made[layer.output] - _oldest_needed(layer.output, layers, made)
        needed[layer.output] = max(needed[layer.output], live)
    return needed


def _ready(layer: RowLayer, made: Mapping[str, int], heights: Mapping[str, int]) -> bool:
    """Whether the layer's next row can be made."""
    row = made[layer.output]
    return row < layer.height and all(made[a.tensor] > a.last(row, heights[a.tensor]) for a in layer.accesses)


def _oldest_needed(tensor: str, layers: Sequence[RowLayer], made: Mapping[str, int]) -> int:
    """The first row of a tensor that some layer of the segment still has to read (its newest row if none does)."""
    wanted = [
        access.first(made[layer.output])
        for layer in layers
        for access in layer.accesses
        if access.tensor == tensor and made[layer.output] < layer.height
    ]
    return min([*wanted, made[tensor] - 1])
