"""The memory plan: every tensor and every layer's scratch gets an offset in one arena.

Lifetimes are in layer numbers. A tensor lives from the layer that makes it to the last that reads it, a scratch
during its layer. The lower bound is the largest sum of what lives at one layer; a plan at that bound is optimal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from paddle_cortexm.compiler.backends.base import Kernel
from paddle_cortexm.compiler.graph import Graph

ALIGNMENT = 16  # bytes: one Helium vector


@dataclass(frozen=True)
class Buffer:
    """Something that needs `bytes` of the arena during the layers first..last (both included)."""

    name: str
    bytes: int
    first: int
    last: int

    def overlaps(self, other: Buffer) -> bool:
        return self.first <= other.last and other.first <= self.last


@dataclass(frozen=True)
class MemoryPlan:
    """offsets: tensor name, or LAYER.scratch, to byte offset. peak_layer: the layer that sets the lower bound."""

    offsets: dict[str, int]
    buffers: tuple[Buffer, ...]
    arena_bytes: int
    lower_bound: int
    peak_layer: int

    def live_at(self, layer: int) -> list[Buffer]:
        """What lives during a layer, largest first."""
        alive = [b for b in self.buffers if b.first <= layer <= b.last]
        return sorted(alive, key=lambda b: (-b.bytes, b.name))


def scratch_name(layer: str) -> str:
    return f"{layer}.scratch"


def plan_memory(graph: Graph, kernels: Mapping[str, Kernel], *, consume_input: bool = True) -> MemoryPlan:
    """Plan one arena for the graph's tensors and its kernels' scratch.

    A kernel that may overwrite its input gets its output in the input's place when nobody reads the input later.
    consume_input: the input's bytes may be reused once read; otherwise they are kept for the whole run.
    """
    homes = _shared_homes(graph, kernels)
    buffers = _buffers(graph, kernels, homes, consume_input=consume_input)
    bound, peak_layer = lower_bound(buffers, len(graph.layers))
    offsets, arena = place(buffers, bound)
    everything = offsets | {name: offsets[home] for name, home in homes.items()}
    return MemoryPlan(everything, tuple(buffers), arena, bound, peak_layer)


def aligned(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT


def lower_bound(buffers: Sequence[Buffer], layers: int) -> tuple[int, int]:
    """(bytes, layer): the largest sum of live buffers over all layers, which no plan can go below."""
    sums = [sum(b.bytes for b in buffers if b.first <= i <= b.last) for i in range(layers)]
    return max(sums), sums.index(max(sums))


def place(buffers: Sequence[Buffer], bound: int) -> tuple[dict[str, int], int]:
    """Offsets for all buffers and the bytes they span.

    Greedy by several orders (Pisarchyk & Lee, "Efficient Memory Management for Deep Neural Net Inference", 2020:
    greedy by size and by breadth), the best kept; stops early when one reaches the bound.
    """
    breadth = {b.name: sum(o.bytes for o in buffers if o.overlaps(b)) for b in buffers}
    orders: list[Callable[[Buffer], tuple[int, ...]]] = [
        lambda b: (-b.bytes, b.first),
        lambda b: (-breadth[b.name], -b.bytes, b.first),
        lambda b: (b.first, -b.bytes),
        lambda b: (-b.last, -b.bytes),
        lambda b: (-(b.last - b.first), -b.bytes),
    ]
    best: tuple[dict[str, int], int] | None = None
    for order in orders:
        offsets = _first_fit(sorted(buffers, key=order))
        span = max(offsets[b.name] + b.bytes for b in buffers)
        if best is None or span < best[1]:
            best = offsets, span
        if span == bound:
            break
    assert best is not None
    return best


def _first_fit(ordered: Sequence[Buffer]) -> dict[str, int]:
    """Each buffer in turn at the lowest offset free during its whole life."""
    placed: list[tuple[Buffer, int]] = []
    for buffer in ordered:
        offset = 0
        for other, start in sorted(((o, s) for o, s in placed if o.overlaps(buffer)), key=lambda p: p[1]):
            if offset + buffer.bytes <= start:
                break
            offset = max(offset, start + other.bytes)
        placed.append((buffer, offset))
    return {buffer.name: offset for buffer, offset in placed}


def _last_reader(graph: Graph, tensor: str) -> int:
    """The number of the last layer that reads a tensor; the output lives to the end."""
    readers = [i for i, layer in enumerate(graph.layers) if tensor in layer.inputs]
    return len(graph.layers) - 1 if tensor == graph.output else max(readers)


def _shared_homes(graph: Graph, kernels: Mapping[str, Kernel]) -> dict[str, str]:
    """Tensors computed in place: tensor -> the tensor whose buffer it takes over (never the caller's input)."""
    homes: dict[str, str] = {}
    for i, layer in enumerate(graph.layers):
        source = layer.inputs[0]
        fits = graph.tensors[layer.output].bytes <= graph.tensors[source].bytes
        free = source != graph.input and _last_reader(graph, source) == i
        if kernels[layer.name].overwrites_input and fits and free:
            homes[layer.output] = homes.get(source, source)
    return homes


def _buffers(
    graph: Graph, kernels: Mapping[str, Kernel], homes: Mapping[str, str], *, consume_input: bool
) -> list[Buffer]:
    last_of: dict[str, int] = {}
    first_of: dict[str, int] = {graph.input: 0}
    for i, layer in enumerate(graph.layers):
        first_of.setdefault(homes.get(layer.output, layer.output), i)
    for name in [graph.input, *(layer.output for layer in graph.layers)]:
        home = homes.get(name, name)
        last_of[home] = max(last_of.get(home, 0), _last_reader(graph, name))
    if not consume_input:
        last_of[graph.input] = len(graph.layers) - 1
    tensors = [Buffer(n, aligned(graph.tensors[n].bytes), first_of[n], last_of[n]) for n in first_of]
    scratches = [
        Buffer(scratch_name(layer.name), aligned(kernels[layer.name].scratch_bytes), i, i)
        for i, layer in enumerate(graph.layers)
        if kernels[layer.name].scratch_bytes
    ]
    return tensors + scratches
