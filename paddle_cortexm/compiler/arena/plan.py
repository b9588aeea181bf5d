"""The memory plan: every tensor and every layer's scratch gets an offset in one arena.

Lifetimes are in layer numbers. A tensor lives from the layer that makes it to the last that reads it, a scratch
during its layer. All that a streamed segment touches lives during the whole segment; of a rolling tensor only some rows
exist. The lower bound is the largest sum of what lives at one layer; offsets.py finds the offsets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from paddle_cortexm.compiler.arena.offsets import Buffer, assign_offsets, lower_bound
from paddle_cortexm.compiler.arena.rows import Segment, in_place_lead, outside_bytes, row_bytes
from paddle_cortexm.compiler.graph import Graph, last_readers
from paddle_cortexm.compiler.kernels.kernel import KernelGraph
from paddle_cortexm.compiler.layer_names import numbered_title
from paddle_cortexm.target import KIB

ALIGNMENT = 16  # bytes: one Helium vector


@dataclass(frozen=True)
class MemoryPlan:
    """offsets: tensor name, or LAYER.scratch, to byte offset. starts: buffer name to byte offset; a buffer is named
    after the first tensor in it. homes: tensors computed in place, to the buffer they take over. peak_layer: the layer
    that sets the lower bound. optimal: whether no offsets for these buffers make a smaller arena. segments: the
    streamed runs of layers, in order; empty when every layer computes its whole tensor."""

    offsets: dict[str, int]
    starts: dict[str, int]
    homes: dict[str, str]
    buffers: tuple[Buffer, ...]
    arena_bytes: int
    lower_bound: int
    optimal: bool
    peak_layer: int
    segments: tuple[Segment, ...] = ()

    @property
    def rolling(self) -> dict[str, int]:
        """The tensors that never exist whole, and how many rows of them do."""
        return {name: rows for segment in self.segments for name, rows in segment.rows.items()}

    def peak_of(self, graph: Graph) -> str:
        """What sets the lower bound, in words: a layer, or the layers of a segment."""
        segment = next((s for s in self.segments if self.peak_layer in s.layers), None)
        if segment is None or len(segment.layers) == 1:
            by_rows = "" if segment is None else ", row by row"
            return f"layer '{numbered_title(graph, self.peak_layer)}'{by_rows}"
        first, last = (numbered_title(graph, end) for end in (segment.first, segment.last))
        return f"layers '{first}' to '{last}', row by row"

    def live_at(self, layer: int) -> list[Buffer]:
        """What lives during a layer, largest first."""
        alive = [b for b in self.buffers if b.first <= layer <= b.last]
        return sorted(alive, key=lambda b: (-b.bytes, b.name))


def scratch_name(layer: str) -> str:
    return f"{layer}.scratch"


def outside_name(layer: str) -> str:
    """The row of zero points that stands for all rows outside a whole tensor, of the segment that begins with this
    layer."""
    return f"{layer}.outside"


def plan_memory(model: KernelGraph, segments: Sequence[Segment] = (), *, consume_input: bool = True) -> MemoryPlan:
    """Plan one arena for the graph's tensors and its kernels' scratch.

    A kernel that may overwrite its input gets its output in the input's place when nobody reads the input later.
    segments: runs of layers to be streamed. consume_input: the input's bytes may be reused once read; otherwise they
    are kept for the whole run (an input whose rows are made on demand is the caller's camera frame: it is never here).
    """
    streamed = {i: segment for segment in segments for i in segment.layers}
    homes = _shared_homes(model, streamed)
    leads = _leads(model.graph, segments, homes)
    buffers = _buffers(model, homes, leads, streamed, consume_input=consume_input)
    bound, peak_layer = lower_bound(buffers, len(model.layers))
    placed = assign_offsets(buffers, bound)
    starts = placed.offsets
    offsets = {name: start + leads.get(name, 0) for name, start in starts.items()}
    offsets |= {name: starts[home] for name, home in homes.items()}
    return MemoryPlan(
        offsets, starts, homes, tuple(buffers), placed.span, bound, placed.optimal, peak_layer, tuple(segments)
    )


def arena_setting(size: int) -> str:
    """So many bytes as a value of compile.memory.arena."""
    return f"{size // KIB}KiB" if size % KIB == 0 else str(size)


def aligned(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT


def lead_bytes(graph: Graph, segment: Segment) -> int:
    """How many bytes the buffer of a segment that works in place is larger than its tensor."""
    at_once = segment.at_once.get(graph.layers[segment.first].output, 1)
    return aligned(in_place_lead(graph, segment.first, at_once))


def segment_buffers(model: KernelGraph, segment: Segment) -> list[Buffer]:
    """What a segment needs besides whole tensors: its rolling tensors, one scratch for all its layers, and one row of
    zero points where a window leaves a whole tensor."""
    layers = [model.layers[i] for i in segment.layers]
    needs = {name: rows * row_bytes(model.graph, name) for name, rows in segment.rows.items()}
    needs[scratch_name(layers[0].output)] = max(model.kernel_of(layer).row_scratch_bytes for layer in layers)
    needs[outside_name(layers[0].output)] = max(outside_bytes(model.graph, segment, i) for i in segment.layers)
    return [Buffer(name, aligned(count), segment.first, segment.last) for name, count in needs.items() if count]


def takes_over_input(model: KernelGraph, number: int, readers: Mapping[str, int]) -> bool:
    """Whether a layer computed whole gets its output in its input's place: its kernel may overwrite it, the output
    fits, and nobody reads the input later (nor is it the model's). readers: last_readers of the graph."""
    graph, layer = model.graph, model.layers[number]
    source = layer.inputs[0]
    fits = graph.tensors[layer.output].bytes <= graph.tensors[source].bytes
    free = source != graph.input and readers[source] == number
    return model.kernel_of(layer).overwrites_input and fits and free


def _shared_homes(model: KernelGraph, streamed: Mapping[int, Segment]) -> dict[str, str]:
    """Tensors computed in place: tensor -> the tensor whose buffer it takes over (never the caller's input)."""
    homes: dict[str, str] = {}
    readers = last_readers(model.graph)
    for i, layer in enumerate(model.layers):
        source, segment = layer.inputs[0], streamed.get(i)
        by_kernel = segment is None and takes_over_input(model, i, readers)
        # Rows overwrite only a tensor that a buffer is named after: _leads moves it back in there.
        by_rows = segment is not None and segment.in_place and source not in homes
        if by_kernel or by_rows:
            homes[layer.output] = homes.get(source, source)
    return homes


def _leads(graph: Graph, segments: Sequence[Segment], homes: Mapping[str, str]) -> dict[str, int]:
    """How far the input of a segment that works in place stands behind the start of its buffer, aligned bytes."""
    leads = {}
    for segment in segments:
        layer = graph.layers[segment.first]
        if segment.in_place and homes.get(layer.output) == layer.inputs[0]:
            leads[layer.inputs[0]] = lead_bytes(graph, segment)
    return leads


def _buffers(
    model: KernelGraph,
    homes: Mapping[str, str],
    leads: Mapping[str, int],
    streamed: Mapping[int, Segment],
    *,
    consume_input: bool,
) -> list[Buffer]:
    """Every buffer of the arena with its lifetime."""
    graph = model.graph
    rolling = {name for segment in streamed.values() for name in segment.rows}
    whole = [n for n in (graph.input, *(layer.output for layer in graph.layers)) if n not in rolling]
    made_by = {layer.output: i for i, layer in enumerate(graph.layers)} | {graph.input: 0}
    first_of: dict[str, int] = {}
    last_of: dict[str, int] = {}
    readers = last_readers(graph)
    for name in whole:
        home, made, read = homes.get(name, name), made_by[name], readers[name]
        first_of.setdefault(home, streamed[made].first if made in streamed else made)
        last_of[home] = max(last_of.get(home, 0), streamed[read].last if read in streamed else read)
    if not consume_input and graph.input not in rolling:
        last_of[graph.input] = len(graph.layers) - 1
    tensors = [Buffer(n, aligned(graph.tensors[n].bytes) + leads.get(n, 0), first_of[n], last_of[n]) for n in first_of]
    scratches = [
        Buffer(scratch_name(layer.output), aligned(model.kernel_of(layer).scratch_bytes), i, i)
        for i, layer in enumerate(graph.layers)
        if model.kernel_of(layer).scratch_bytes and i not in streamed
    ]
    segments = {segment.first: segment for segment in streamed.values()}
    return tensors + scratches + [b for s in segments.values() for b in segment_buffers(model, s)]
