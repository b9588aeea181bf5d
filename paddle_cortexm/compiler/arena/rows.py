"""Row streaming: a run of layers computed row by row, so that the tensors between them never exist whole.

A segment is a run of consecutive layers of which only the last one's tensor is read outside. Inside it each tensor has
a rolling buffer that holds only the rows its readers still need: row y stands at y modulo the buffer's rows. The order
of work is fixed by one rule: of all layers whose input rows are there, the deepest one makes its next row
(app/runtime/stream.c does the same on the target). Nothing is computed twice, so the result is the same bits as layer
by layer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import lcm

from paddle_cortexm.compiler.graph import Graph, Layer, last_readers
from paddle_cortexm.compiler.tensor import BYTES_OF

# Sizes of the tables in app/runtime/stream.h.
MOST_WINDOW_ROWS = 32  # STREAM_KERNEL_ROW_LIMIT
MOST_TENSORS = 128  # STREAM_TENSOR_LIMIT
MOST_OTHERS = 15  # STREAM_OTHERS_LIMIT


@dataclass(frozen=True)
class Segment:
    """The streamed layers first..last (numbers, both included). rows: how many rows of each rolling tensor exist at a
    time; the graph's input is among them when its rows are made on demand. in_place: a single layer whose rows
    overwrite its input's. at_once: by layer name, how many rows a layer makes at a time, where it makes several."""

    first: int
    last: int
    rows: Mapping[str, int]
    in_place: bool = False
    at_once: Mapping[str, int] = field(default_factory=dict)

    @property
    def layers(self) -> range:
        return range(self.first, self.last + 1)


@dataclass(frozen=True)
class RowAccess:
    """Output row y reads the input rows y * stride - padding ... + kernel - 1; those above and below the image (-1, -2,
    ... and height, height + 1, ...) are rows of zero points."""

    tensor: str
    kernel: int = 1
    stride: int = 1
    padding: int = 0

    def begin(self, row: int) -> int:
        """The first row of the window, negative above the image."""
        return row * self.stride - self.padding

    def end(self, row: int) -> int:
        """The row behind the window, which may lie below the image."""
        return self.begin(row) + self.kernel

    def last(self, row: int, height: int) -> int:
        return min(self.end(row), height) - 1

    def leaves_image(self, rows: int, height: int) -> bool:
        """Whether any of so many output rows reads above or below an input of that height."""
        return self.padding > 0 or self.end(rows - 1) > height


@dataclass(frozen=True)
class RowLayer:
    """A layer as its rows: what output row y reads, how many rows there are, how many are made at a time."""

    output: str
    height: int
    accesses: tuple[RowAccess, ...]
    at_once: int = 1

    def count_from(self, row: int) -> int:
        """How many rows are made together from this one on: fewer at the end."""
        return min(self.at_once, self.height - row)


def row_layer(graph: Graph, layer: Layer, at_once: int = 1) -> RowLayer:
    """The rows a layer reads for each row it makes: a window on the first input, the same row of any other."""
    source, *others = layer.inputs
    window = layer.operator.window_over(graph.tensors[source].shape)
    access = RowAccess(source, window.extent[0], window.stride[0], window.padding[0])
    accesses = (access, *map(RowAccess, others))
    return RowLayer(layer.output, graph.tensors[layer.output].shape[1], accesses, at_once)


def streamed_segment(graph: Graph, first: int, last: int, at_once: Mapping[str, int] | None = None) -> Segment:
    """The layers first..last as a segment: its rolling rows come from running the schedule.

    The graph's input, where the segment reads it, is made row by row as well. at_once: by layer name, how many rows the
    layer makes at a time; 1 for those not named.
    """
    several = {layer.output: (at_once or {}).get(layer.output, 1) for layer in graph.layers[first : last + 1]}
    layers = [row_layer(graph, layer, several[layer.output]) for layer in graph.layers[first : last + 1]]
    made_inside = {layer.output for layer in layers}
    sources = {a.tensor for layer in layers for a in layer.accesses} - made_inside
    whole = {name: graph.tensors[name].shape[1] for name in sources - {graph.input}}
    if graph.input in sources:
        layers.insert(0, RowLayer(graph.input, graph.tensors[graph.input].shape[1], ()))
    rows = rolling_rows(layers, whole)
    inner = {name: count for name, count in rows.items() if name != layers[-1].output}
    return Segment(first, last, inner, at_once={name: count for name, count in several.items() if count > 1})


def rolling_rows(layers: Sequence[RowLayer], available: Mapping[str, int]) -> dict[str, int]:
    """Rows each tensor made by these layers needs at most, by running the schedule.

    Rows outside the image count as well: at its edges they are made, of zero points, in the place of a row that is not
    there yet or no longer needed. available: height of every tensor that is whole before the segment starts. The last
    layer's output is included as if it were rolling with no reader (callers keep it whole).
    """
    made = {layer.output: 0 for layer in layers} | dict(available)
    needed = {layer.output: 1 for layer in layers}
    readers: dict[str, list[tuple[RowLayer, RowAccess]]] = {}
    for layer in layers:
        for access in layer.accesses:
            readers.setdefault(access.tensor, []).append((layer, access))
    for layer in schedule(layers, available):
        row = made[layer.output]
        count = layer.count_from(row)
        for access in layer.accesses:
            if access.tensor in needed:
                newest = max(made[access.tensor], access.end(row + count - 1))
                live = newest - _oldest_needed(access.tensor, readers, made)
                needed[access.tensor] = max(needed[access.tensor], live)
        made[layer.output] += count
        live = made[layer.output] - _oldest_needed(layer.output, readers, made)
        needed[layer.output] = max(needed[layer.output], live)
    return {layer.output: _unbroken(layer, layers, needed[layer.output]) for layer in layers}


def _unbroken(layer: RowLayer, layers: Sequence[RowLayer], rows: int) -> int:
    """At least so many rows, such that rows made or read together never straddle the end of the buffer."""
    readers = [x.at_once for x in layers if any(a.tensor == layer.output for a in x.accesses)]
    together = lcm(layer.at_once, *readers)
    return min(-(-rows // together) * together, max(rows, layer.height))


def schedule(layers: Sequence[RowLayer], available: Mapping[str, int]) -> Iterator[RowLayer]:
    """The layers in the order in which they make their rows, `count_from` the next row at a time."""
    heights = {layer.output: layer.height for layer in layers} | dict(available)
    made = {layer.output: 0 for layer in layers} | dict(available)
    deepest_reader = {layer.output: _deepest_reader(layer.output, layers) for layer in layers}
    number = len(layers) - 1
    while made[layers[-1].output] < layers[-1].height:
        layer = layers[number]
        if _ready(layer, made, heights):
            made[layer.output] += layer.count_from(made[layer.output])
            yield layer
            number = deepest_reader[layer.output]  # no layer behind its readers has become ready
        else:
            number -= 1


def _deepest_reader(tensor: str, layers: Sequence[RowLayer]) -> int:
    """The number of the last layer that reads the tensor; of the last layer for its own output."""
    readers = [i for i, layer in enumerate(layers) if any(a.tensor == tensor for a in layer.accesses)]
    return max(readers, default=len(layers) - 1)


def _ready(layer: RowLayer, made: Mapping[str, int], heights: Mapping[str, int]) -> bool:
    """Whether the layer's next rows can be made."""
    row = made[layer.output]
    last = row + layer.count_from(row) - 1
    return row < layer.height and all(made[a.tensor] > a.last(last, heights[a.tensor]) for a in layer.accesses)


def _oldest_needed(
    tensor: str, readers: Mapping[str, Sequence[tuple[RowLayer, RowAccess]]], made: Mapping[str, int]
) -> int:
    """The first row of a tensor that some layer of the segment still has to read (its newest row if none does);
    negative while that is one above the image."""
    wanted = [
        access.begin(made[layer.output])
        for layer, access in readers.get(tensor, ())
        if made[layer.output] < layer.height
    ]
    return min([*wanted, made[tensor] - 1])


def row_bytes(graph: Graph, tensor: str) -> int:
    """Bytes of one row, width x channels."""
    _, _, width, channels = graph.tensors[tensor].shape
    return width * channels * BYTES_OF[graph.tensors[tensor].dtype]


def outside_bytes(graph: Graph, segment: Segment, number: int) -> int:
    """Bytes of an input row of a layer whose window leaves a whole tensor above or below; 0 for any other layer (among
    rolling rows, there is room for a row outside the image)."""
    layer = row_layer(graph, graph.layers[number])
    access = layer.accesses[0]
    leaves = access.tensor not in segment.rows and access.leaves_image(
        layer.height, graph.tensors[access.tensor].shape[1]
    )
    return row_bytes(graph, access.tensor) if leaves else 0


def can_work_in_place(graph: Graph, number: int) -> bool:
    """Whether a layer's rows may overwrite those of its input: same shape, stride 1, one input that nobody reads later.

    Output row y then stands where input row y - padding - 1 was (or one further up for each more row made at a time),
    which no row from y on reads ("diagonal memory optimisation", Blacker et al., 2020).
    """
    layer = graph.layers[number]
    source, result = graph.inputs_of(layer)[0], graph.output_of(layer)
    access = row_layer(graph, layer).accesses[0]
    is_kept = source.name == graph.input or last_readers(graph)[source.name] > number or len(layer.inputs) > 1
    return not is_kept and access.stride == 1 and (source.shape, source.dtype) == (result.shape, result.dtype)


def in_place_lead(graph: Graph, number: int, at_once: int = 1) -> int:
    """Bytes by which the input of a layer that works in place must stand behind the output."""
    access = row_layer(graph, graph.layers[number]).accesses[0]
    return (access.padding + at_once) * row_bytes(graph, access.tensor)
