"""Which layers are streamed: runs of layers turned into segments until the arena is as small as asked.

A plan is a path from the graph's input to its output: every step is one layer as ever, or a streamed segment, or one
layer (a depthwise convolution, for one) whose rows overwrite its input's. A step's cost is the memory that lives during
it. `minimum` takes the path whose costliest step is cheapest; a limit takes the path that streams the fewest layers
among those that stay below it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from paddle_cortexm.compiler.backends.base import Kernel
from paddle_cortexm.compiler.graph import DepthwiseConvolution, Graph, IntegerDepthwiseConvolution, Layer
from paddle_cortexm.compiler.memory import MemoryPlan, aligned, plan_memory, segment_buffers
from paddle_cortexm.compiler.streaming import (
    MOST_TENSORS,
    MOST_WINDOW_ROWS,
    Segment,
    can_work_in_place,
    in_place_lead,
    row_layer,
    streamed_segment,
)
from paddle_cortexm.errors import UserError
from paddle_cortexm.target import KIB

DEPTHWISE = (DepthwiseConvolution, IntegerDepthwiseConvolution)
LIMIT_PARTS = 32  # a limit that is missed because of gaps is lowered by such a part of it


@dataclass(frozen=True)
class _Step:
    """The layers first..last: one layer, or a segment. bytes: live during it, scratch included. at_once: by layer name,
    how many rows a layer makes at a time."""

    first: int
    last: int
    bytes: int
    streamed: bool = False
    in_place: bool = False
    at_once: Mapping[str, int] = field(default_factory=dict)

    def segment(self, graph: Graph) -> Segment:
        if self.in_place:
            return Segment(self.first, self.first, {}, in_place=True, at_once=self.at_once)
        return streamed_segment(graph, self.first, self.last, self.at_once)


@dataclass(frozen=True)
class _Path:
    """Steps one after the other; streamed: layers in streamed segments."""

    steps: tuple[_Step, ...] = ()
    streamed: int = 0
    segments: int = 0
    peak: int = 0

    def extended(self, step: _Step) -> _Path:
        streamed = self.streamed + (step.last - step.first + 1) * step.streamed
        return _Path((*self.steps, step), streamed, self.segments + step.streamed, max(self.peak, step.bytes))


def plan_arena(
    graph: Graph, kernels: Mapping[str, Kernel], arena: Literal["none", "minimum"] | int, *, consume_input: bool = True
) -> MemoryPlan:
    """The memory plan for compile.memory.arena: nothing streamed, the smallest arena, or one within so many bytes.

    Raises UserError when no choice of streamed layers stays within the limit: by how much, and what would fit.
    """
    unstreamed = plan_memory(graph, kernels, consume_input=consume_input)
    if arena == "none" or (arena != "minimum" and unstreamed.arena_bytes <= arena):
        return unstreamed
    best = unstreamed
    for segments in _choices(graph, kernels, unstreamed, arena):
        plan = plan_memory(graph, kernels, segments, consume_input=consume_input)
        best = min(best, plan, key=lambda p: p.arena_bytes)
        if arena != "minimum" and best.arena_bytes <= arena:
            return best
    if arena == "minimum":
        return best
    raise UserError(_too_small(graph, arena, unstreamed, best))


def _choices(
    graph: Graph, kernels: Mapping[str, Kernel], unstreamed: MemoryPlan, arena: Literal["minimum"] | int
) -> Iterator[tuple[Segment, ...]]:
    """Segments to try, the fewest instructions first: with several rows at a time before single ones; for the limit
    itself before less (in case gaps between the buffers make the plan larger than its steps) and before the smallest
    peak. Working in place needs a few rows more in the layers around, which no step counts: so each is also tried
    without."""
    several = {layer.name: kernels[layer.name].rows_at_once for layer in graph.layers}
    for at_once in (several, {}):
        steps = _steps(graph, kernels, unstreamed, at_once)
        for allowed in (steps, [step for step in steps if not step.in_place]):
            smallest = _smallest_peak(allowed, len(graph.layers))
            aims = [] if arena == "minimum" else [arena * part // LIMIT_PARTS for part in range(LIMIT_PARTS, 0, -1)]
            yield from (_fewest_streamed(graph, allowed, aim) for aim in aims if aim > smallest)
            yield _fewest_streamed(graph, allowed, smallest)


def _too_small(graph: Graph, arena: int, unstreamed: MemoryPlan, best: MemoryPlan) -> str:
    """The message for a limit that no plan reaches."""
    peak = graph.layers[best.peak_layer].name
    setting = f"{-(-best.arena_bytes // KIB)}KiB"
    return (
        f"compile.memory.arena: {arena:,} bytes are {best.arena_bytes - arena:,} too few. Streaming rows brings the "
        f"arena from {unstreamed.arena_bytes:,} bytes (layer by layer) down to {best.arena_bytes:,} (lower bound "
        f"{best.lower_bound:,}), set by layer '{peak}'. The smallest setting that fits is {setting} (or minimum); "
        f"otherwise choose a smaller backbone or image_size."
    )


def _steps(
    graph: Graph, kernels: Mapping[str, Kernel], unstreamed: MemoryPlan, at_once: Mapping[str, int]
) -> list[_Step]:
    """Every step a plan can be made of. at_once: rows that the layers of segments make at a time, by name."""
    count = len(graph.layers)
    steps = [_Step(i, i, sum(b.bytes for b in unstreamed.live_at(i))) for i in range(count)]
    steps += [_in_place(graph, kernels, i, at_once) for i in range(count) if _works_in_place(graph, kernels, i)]
    for run_first, run_last in _streamable_runs(graph, kernels):
        rows = streamed_segment(graph, run_first, run_last, at_once).rows  # no part of the run needs more
        for first in range(run_first, run_last + 1):
            for last in range(first, run_last + 1):
                if _is_closed(graph, first, last):
                    part = Segment(first, last, _rolling_inside(graph, first, last, rows))
                    needed = sum(b.bytes for b in segment_buffers(graph, kernels, part))
                    live = needed + _whole_bytes(graph, part)
                    steps.append(_Step(first, last, live, streamed=True, at_once=at_once))
    return steps


def _works_in_place(graph: Graph, kernels: Mapping[str, Kernel], number: int) -> bool:
    """Whether a layer is a depthwise convolution that may overwrite its input row by row, made by another kind."""
    layer = graph.layers[number]
    producer = graph.producer(layer.inputs[0])
    after_depthwise = producer is not None and isinstance(producer.operator, DEPTHWISE)
    is_candidate = isinstance(layer.operator, DEPTHWISE) and not after_depthwise
    return is_candidate and _makes_rows(graph, kernels, number) and can_work_in_place(graph, number)


def _in_place(graph: Graph, kernels: Mapping[str, Kernel], number: int, at_once: Mapping[str, int]) -> _Step:
    layer = graph.layers[number]
    own_rows = {layer.name: at_once.get(layer.name, 1)}
    segment = Segment(number, number, {}, in_place=True)
    lead = aligned(in_place_lead(graph, number, own_rows[layer.name]))
    own = sum(b.bytes for b in segment_buffers(graph, kernels, segment)) + lead
    live = own + _whole_bytes(graph, segment) - aligned(graph.output_of(layer).bytes)
    return _Step(number, number, live, streamed=True, in_place=True, at_once=own_rows)


def _makes_rows(graph: Graph, kernels: Mapping[str, Kernel], number: int) -> bool:
    """Whether the layer's kernel can make one row, and app/stream.c hold the rows of its window."""
    layer = graph.layers[number]
    return kernels[layer.name].row_body is not None and _window_rows(graph, layer) <= MOST_WINDOW_ROWS


def _window_rows(graph: Graph, layer: Layer) -> int:
    return row_layer(graph, layer).accesses[0].kernel


def _streamable_runs(graph: Graph, kernels: Mapping[str, Kernel]) -> list[tuple[int, int]]:
    """The longest runs of layers whose kernels can make one row."""
    can = [_makes_rows(graph, kernels, i) for i in range(len(graph.layers))]
    starts = [i for i, ok in enumerate(can) if ok and (i == 0 or not can[i - 1])]
    return [(start, next((i for i in range(start, len(can)) if not can[i]), len(can)) - 1) for start in starts]


def _last_readers(graph: Graph) -> dict[str, int]:
    return {name: i for i, layer in enumerate(graph.layers) for name in layer.inputs}


def _is_closed(graph: Graph, first: int, last: int) -> bool:
    """Whether the run can be a segment: nothing it makes is read behind it but the last tensor; it does not close the
    graph; the graph's input, if it reads it, is read by nobody else; and app/stream.c has room for its tensors."""
    readers = _last_readers(graph)
    if len({name for layer in graph.layers[first : last + 1] for name in (*layer.inputs, layer.output)}) > MOST_TENSORS:
        return False
    inner = [layer.output for layer in graph.layers[first:last]]
    if graph.output in inner or any(readers[name] > last for name in inner):
        return False
    reads_input = any(graph.input in layer.inputs for layer in graph.layers[first : last + 1])
    return not reads_input or (readers[graph.input] <= last and first == 0)


def _rolling_inside(graph: Graph, first: int, last: int, rows: Mapping[str, int]) -> dict[str, int]:
    inner = [layer.output for layer in graph.layers[first:last]]
    reads_input = any(graph.input in layer.inputs for layer in graph.layers[first : last + 1])
    return {name: rows[name] for name in ([graph.input] if reads_input else []) + inner}


def _whole_bytes(graph: Graph, segment: Segment) -> int:
    """Bytes of the whole tensors that live during the segment: those made before and still needed, and its result."""
    readers = _last_readers(graph)
    before = [graph.input, *(layer.output for layer in graph.layers[: segment.first])]
    alive = [n for n in before if n not in segment.rows and readers.get(n, -1) >= segment.first]
    alive.append(graph.layers[segment.last].output)
    return sum(aligned(graph.tensors[name].bytes) for name in alive)


def _smallest_peak(steps: list[_Step], count: int) -> int:
    """The smallest number of bytes that the costliest step of some path needs."""
    best = [0] + [0] * count
    for end in range(1, count + 1):
        best[end] = min(max(best[s.first], s.bytes) for s in steps if s.last == end - 1)
    return best[count]


def _fewest_streamed(graph: Graph, steps: list[_Step], limit: int) -> tuple[Segment, ...]:
    """The segments of the path that streams the fewest layers while no step exceeds the limit; of several such paths
    one with few segments and a small peak."""
    count = len(graph.layers)
    best: list[_Path | None] = [_Path()] + [None] * count
    for end in range(1, count + 1):
        before = ((best[step.first], step) for step in steps if step.last == end - 1 and step.bytes <= limit)
        options = [path.extended(step) for path, step in before if path is not None]
        best[end] = min(options, key=lambda path: (path.streamed, path.segments, path.peak), default=None)
    path = best[count]
    assert path is not None, "a limit of at least the smallest peak has a path"
    return tuple(s.segment(graph) for s in path.steps if s.streamed)
