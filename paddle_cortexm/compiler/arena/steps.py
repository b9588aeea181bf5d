"""The steps a memory plan can be made of, and what each costs.

A step is one layer computed whole, a streamed segment, or one layer (a depthwise convolution) whose rows overwrite its
input's. Its bytes are what lives during it; its instructions what it takes more than its layers computed whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from operator import itemgetter

from paddle_cortexm.compiler.arena.plan import aligned, lead_bytes, segment_buffers, takes_over_input
from paddle_cortexm.compiler.arena.row_costs import added_by_layer
from paddle_cortexm.compiler.arena.rows import (
    MOST_OTHERS,
    MOST_TENSORS,
    MOST_WINDOW_ROWS,
    Segment,
    can_work_in_place,
    outside_bytes,
    row_bytes,
    row_layer,
    streamed_segment,
)
from paddle_cortexm.compiler.graph import Graph, last_readers
from paddle_cortexm.compiler.kernels.kernel import KernelGraph
from paddle_cortexm.compiler.operators.weights.depthwise_convolution import AnyDepthwise

NEVER_WHOLE = 1 << 62  # the number of the layer that makes the input, where its rows are made on demand


@dataclass(frozen=True)
class Step:
    """The layers first..last, streamed or (run: None) one layer computed whole. bytes: live during it, scratch
    included. run: the longest segment around it, whose rows it has. instructions: more than layer by layer. lead: by
    how much the input of a step that works in place must stand behind its buffer's start, bytes: the steps before and
    after it have to bear that as well."""

    first: int
    last: int
    bytes: int
    run: Segment | None = None
    instructions: float = 0.0
    lead: int = 0

    def segment(self, graph: Graph) -> Segment | None:
        """The layers of the run that the step streams."""
        if self.run is None or (self.first, self.last) == (self.run.first, self.run.last):
            return self.run
        layers = graph.layers[self.first : self.last + 1]
        names = {layer.output for layer in layers}
        inner = names - {layers[-1].output}
        inner |= {graph.input} if any(graph.input in layer.inputs for layer in layers) else set()
        rows = {name: count for name, count in self.run.rows.items() if name in inner}
        at_once = {name: count for name, count in self.run.at_once.items() if name in names}
        return Segment(self.first, self.last, rows, at_once=at_once)


@dataclass(frozen=True)
class Run:
    """The longest segment of its kind; parts: (first, last) of each part of it, itself included, that can be one."""

    segment: Segment
    parts: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class StepCosts:
    """What steps of one model cost. added: row_costs.added_by_layer. last_read: the layer up to which each whole
    tensor lives, by name; -1 for an input that never exists whole."""

    model: KernelGraph
    added: Mapping[tuple[str, int], float]
    last_read: Mapping[str, int]

    @staticmethod
    def of(model: KernelGraph, *, consume_input: bool) -> StepCosts:
        """With a whole input: it lives until it is read, or to the end when it may not be consumed."""
        last_read = last_readers(model.graph)
        if not consume_input:
            last_read[model.graph.input] = len(model.layers) - 1
        return StepCosts(model, added_by_layer(model), last_read)

    @property
    def graph(self) -> Graph:
        return self.model.graph

    def with_streamed_input(self) -> StepCosts:
        """With an input whose rows are made on demand: it is none of the whole tensors, and nobody can keep it."""
        return replace(self, last_read={**self.last_read, self.graph.input: -1})

    @property
    def input_streamed(self) -> bool:
        return self.last_read[self.graph.input] < 0

    def whole_layer(self, number: int) -> Step:
        """One layer that computes its whole tensor."""
        layer = self.graph.layers[number]
        live = self._waiting(number) + self._result(number) + aligned(self.model.kernel_of(layer).scratch_bytes)
        if takes_over_input(self.model, number, self.last_read):
            live -= self._bytes(layer.output)
        return Step(number, number, live)

    def streamed(self, segment: Segment) -> Step:
        """A streamed segment; the whole tensors are its inputs, those that wait for later layers, and its result."""
        live = self._waiting(segment.first) + self._result(segment.last)
        live += sum(b.bytes for b in segment_buffers(self.model, segment))
        lead = lead_bytes(self.graph, segment) if segment.in_place else 0
        if segment.in_place:
            live += lead - self._bytes(self.graph.layers[segment.last].output)
        return Step(segment.first, segment.last, live, segment, self._added(segment), lead)

    def parts(self, run: Run) -> Iterator[Step]:
        """`streamed` for every part of a run that works on rolling rows: the parts that begin with the same layer one
        after the other, each from the figures of the one before."""
        segment, layers = run.segment, self.graph.layers
        rolling = {name: aligned(rows * row_bytes(self.graph, name)) for name, rows in segment.rows.items()}
        made_by = {layer.output: number for number, layer in enumerate(layers)} | {self.graph.input: NEVER_WHOLE}
        outside = {i: outside_bytes(self.graph, Segment(i, i, {}), i) for i in segment.layers}
        for first, parts in groupby(run.parts, key=itemgetter(0)):
            number, rows, scratch, outer, added = first, 0, 0, 0, 0.0
            reads_input, waiting = False, self._waiting(first)
            for _, last in parts:
                for i in range(number, last + 1):
                    layer = layers[i]
                    reads_input |= self.graph.input in layer.inputs
                    rows += rolling.get(layers[i - 1].output, 0) if i > first else 0
                    scratch = max(scratch, self.model.kernel_of(layer).row_scratch_bytes)
                    outer = max(outer, outside[i] if made_by[layer.inputs[0]] < first else 0)
                    added += self.added[layer.output, segment.at_once.get(layer.output, 1)]
                number = last + 1
                if reads_input and not self.input_streamed:
                    break
                live = waiting + self._result(last) + rows + aligned(scratch) + aligned(outer)
                live += rolling[self.graph.input] if reads_input else 0
                yield Step(first, last, live, segment, added)

    def _added(self, segment: Segment) -> float:
        names = [self.graph.layers[i].output for i in segment.layers]
        return sum(self.added[name, segment.at_once.get(name, 1)] for name in names)

    def _waiting(self, first: int) -> int:
        """Bytes of the whole tensors made before a layer and still needed."""
        before = [self.graph.input, *(layer.output for layer in self.graph.layers[:first])]
        return sum(self._bytes(name) for name in before if self.last_read[name] >= first)

    def _result(self, last: int) -> int:
        return self._bytes(self.graph.layers[last].output)

    def _bytes(self, tensor: str) -> int:
        return aligned(self.graph.tensors[tensor].bytes)


def possible_steps(costs: StepCosts, runs: Sequence[Run]) -> list[Step]:
    """Every step a plan can be made of. runs: possible_runs of the graph."""
    graph, streamed = costs.graph, costs.input_streamed
    whole = [i for i, layer in enumerate(graph.layers) if not (streamed and graph.input in layer.inputs)]
    steps = [costs.whole_layer(i) for i in whole]
    for run in runs:
        steps += [costs.streamed(run.segment)] if run.segment.in_place else costs.parts(run)
    return steps


def possible_runs(model: KernelGraph) -> list[Run]:
    """What can be streamed, with as many rows at a time as the kernels can make and with single rows; and every single
    layer that can work in place. The rows of a segment are those of the longest run around it: none needs more."""
    graph = model.graph
    several = {layer.output: model.kernel_of(layer).rows_at_once for layer in graph.layers}
    found = []
    for run_first, run_last in _streamable_runs(model):
        closed = tuple(_closed_runs(graph, run_first, run_last))
        found += [Run(streamed_segment(graph, run_first, run_last, at_once), closed) for at_once in (several, {})]
    for i, layer in enumerate(graph.layers):
        if _works_in_place(model, i):
            several_rows = {several[layer.output], 1}
            segments = (Segment(i, i, {}, in_place=True, at_once={layer.output: n}) for n in several_rows)
            found += [Run(segment, ((i, i),)) for segment in segments]
    return list({repr(run.segment): run for run in found}.values())


def _streamable_runs(model: KernelGraph) -> list[tuple[int, int]]:
    """The longest runs of layers whose kernels can make one row."""
    can = [_makes_rows(model, i) for i in range(len(model.layers))]
    starts = [i for i, ok in enumerate(can) if ok and (i == 0 or not can[i - 1])]
    return [(start, next((i for i in range(start, len(can)) if not can[i]), len(can)) - 1) for start in starts]


def _makes_rows(model: KernelGraph, number: int) -> bool:
    """Whether the layer's kernel can make one row, and app/runtime/stream.c hold the rows of its window."""
    layer = model.layers[number]
    window_rows = row_layer(model.graph, layer).accesses[0].kernel
    fits = window_rows <= MOST_WINDOW_ROWS and len(layer.inputs) - 1 <= MOST_OTHERS
    return model.kernel_of(layer).row_body is not None and fits


def _closed_runs(graph: Graph, run_first: int, run_last: int) -> Iterator[tuple[int, int]]:
    """(first, last) of each part of a run that can be a segment: nothing it makes is read behind it but the last
    tensor; it does not close the graph; the graph's input, if it reads it, is read by nobody else; and
    app/runtime/stream.c has room for its tensors."""
    last_read = last_readers(graph)
    for first in range(run_first, run_last + 1):
        named: set[str] = set()
        read_until = first
        for last in range(first, run_last + 1):
            layer = graph.layers[last]
            named |= {*layer.inputs, layer.output}
            reads_input = graph.input in named
            if len(named) > MOST_TENSORS or (reads_input and first > 0):
                break
            input_read = last_read[graph.input] if reads_input else -1
            if max(read_until, input_read) <= last:
                yield first, last
            read_until = max(read_until, last_read[layer.output])


def _works_in_place(model: KernelGraph, number: int) -> bool:
    """Whether a layer is a depthwise convolution that may overwrite its input row by row. Its input and its result are
    read only by the next layer, and neighbours that overwrite their input whole are left alone, so that no step but its
    neighbours' bears the lead."""
    graph, layer, last_read = model.graph, model.layers[number], last_readers(model.graph)
    if number == 0 or not (isinstance(layer.operator, AnyDepthwise) and _makes_rows(model, number)):
        return False
    producer = graph.layers[number - 1]
    neighbours = (number - 1, number + 1) if number + 1 < len(graph.layers) else (number - 1,)
    is_chain = producer.output == layer.inputs[0] and last_read[layer.output] <= number + 1
    is_free = not any(takes_over_input(model, i, last_read) for i in neighbours)
    after_depthwise = isinstance(producer.operator, AnyDepthwise)
    return is_chain and is_free and not after_depthwise and can_work_in_place(graph, number)
