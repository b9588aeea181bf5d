"""Which layers are streamed: runs of layers turned into segments until the arena is as small as asked.

A plan is a path of steps (steps.py) from the graph's input to its output. `minimum` takes the smallest peak
any path has, a limit itself; of the paths that stay within it the one whose streaming adds the fewest instructions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from paddle_cortexm.compiler.arena.plan import MemoryPlan, arena_setting, plan_memory
from paddle_cortexm.compiler.arena.rows import Segment, streamed_segment
from paddle_cortexm.compiler.arena.steps import Step, StepCosts, possible_runs, possible_steps
from paddle_cortexm.compiler.graph import Graph
from paddle_cortexm.compiler.kernels.kernel import KernelGraph
from paddle_cortexm.errors import ArenaTooSmall

LIMIT_PARTS = 32  # a limit that is missed because of gaps is lowered by such a part of it
NO_LIMIT = 1 << 62


@dataclass(frozen=True, slots=True)
class Path:
    """Steps one after the other: those of a shorter path, and the last. lead: bytes by which the last step's result
    stands behind its buffer's start; reserved: for a next step that works in place, which has to follow."""

    shorter: Path | None = None
    last: Step | None = None
    instructions: float = 0.0
    segment_count: int = 0
    peak: int = 0
    lead: int = 0
    reserved: bool = False

    @property
    def steps(self) -> list[Step]:
        found, path = [], self
        while path.shorter is not None and path.last is not None:
            found.append(path.last)
            path = path.shorter
        return found[::-1]

    def extended(self, step: Step, next_lead: int, limit: int) -> Path | None:
        """The path with another step, its result next_lead bytes behind its buffer's start; None where a step that
        works in place finds no such room, or room finds no such step, or the step exceeds the limit."""
        if self.reserved != (step.lead > 0) or (step.lead > 0 and self.lead != step.lead):
            return None
        # A step that works in place has its lead in its bytes; any other bears those of its neighbours.
        live = step.bytes if step.lead else step.bytes + self.lead + next_lead
        if live > limit:
            return None
        return Path(
            self,
            step,
            self.instructions + step.instructions,
            self.segment_count + (step.run is not None),
            max(self.peak, live),
            step.lead or next_lead,
            reserved=next_lead > 0,
        )


@dataclass(frozen=True)
class Search:
    """All steps of a graph; costs: of each way to have the model's input, streamed and whole."""

    count: int
    ways: Sequence[tuple[StepCosts, Sequence[Step]]]

    @staticmethod
    def of(model: KernelGraph, *, consume_input: bool) -> Search:
        runs = possible_runs(model)
        whole = StepCosts.of(model, consume_input=consume_input)
        ways = [(costs, possible_steps(costs, runs)) for costs in (whole.with_streamed_input(), whole)]
        return Search(len(model.layers), ways)

    def smallest_peak(self) -> int:
        """The fewest bytes that the costliest step of some path needs."""
        found = (best_path(steps, self.count, NO_LIMIT, lambda path: (path.peak,)) for _, steps in self.ways)
        return min(path.peak for path in found if path is not None)

    def cheapest(self, limit: int) -> tuple[Segment, ...]:
        """The segments of the path within the limit that adds the fewest instructions (then: has the fewest segments,
        the smallest peak). The limit is at least smallest_peak."""
        found = [
            (path, costs)
            for costs, steps in self.ways
            if (path := best_path(steps, self.count, limit, _added_first)) is not None
        ]
        path, costs = min(found, key=lambda pair: _added_first(pair[0]))
        leads = [0, *(step.lead for step in path.steps), 0]  # a step bears those of its neighbours
        room = [limit - before - after for before, after in zip(leads, leads[2:], strict=False)]
        return tuple(
            _paired(costs, segment, left)
            for step, left in zip(path.steps, room, strict=True)
            if (segment := step.segment(costs.graph)) is not None
        )


def plan_arena(
    model: KernelGraph, arena: Literal["none", "minimum"] | int, *, consume_input: bool = True
) -> MemoryPlan:
    """The memory plan for compile.memory.arena: nothing streamed, the smallest arena, or one within so many bytes.

    Raises ArenaTooSmall when no choice of streamed layers stays within the limit: by how much, and what would fit.
    """
    unstreamed = plan_memory(model, consume_input=consume_input)
    if arena == "none" or (arena != "minimum" and unstreamed.arena_bytes <= arena):
        return unstreamed
    best = unstreamed
    for segments in _segments_to_try(Search.of(model, consume_input=consume_input), arena):
        plan = plan_memory(model, segments, consume_input=consume_input)
        best = min(best, plan, key=lambda p: p.arena_bytes)
        if arena != "minimum" and best.arena_bytes <= arena:
            return best
    if arena == "minimum":
        return best
    raise ArenaTooSmall(_too_small(model.graph, arena, unstreamed, best))


def smallest_bound(model: KernelGraph, *, consume_input: bool = True) -> int:
    """The lower bound of the best choice of streamed layers, bytes: no setting of compile.memory.arena gets below."""
    return Search.of(model, consume_input=consume_input).smallest_peak()


def _segments_to_try(search: Search, arena: Literal["minimum"] | int) -> Iterator[tuple[Segment, ...]]:
    """Segments to try: for the limit itself, then for less (in case gaps between the buffers make the plan larger than
    its steps), last for the smallest peak."""
    smallest = search.smallest_peak()
    aims = [] if arena == "minimum" else [arena * part // LIMIT_PARTS for part in range(LIMIT_PARTS, 0, -1)]
    yield from (search.cheapest(aim) for aim in aims if aim > smallest)
    yield search.cheapest(smallest)


def _too_small(graph: Graph, arena: int, unstreamed: MemoryPlan, best: MemoryPlan) -> str:
    """The message for a limit that no plan reaches."""
    return (
        f"compile.memory.arena: {arena:,} bytes are {best.arena_bytes - arena:,} too few. Streaming rows brings the "
        f"arena from {unstreamed.arena_bytes:,} bytes (layer by layer) down to {best.arena_bytes:,} (lower bound "
        f"{best.lower_bound:,}), set by {best.peak_of(graph)}. The smallest setting that fits is "
        f"{arena_setting(best.arena_bytes)} (or minimum); otherwise choose a smaller backbone or image_size. "
        f"--explain-memory lists what needs the bytes."
    )


def best_path(steps: Sequence[Step], count: int, limit: int, key: Callable[[Path], tuple[float, ...]]) -> Path | None:
    """Of all paths over `count` layers of which no step exceeds the limit, the one with the smallest key; None where
    there is none. Dynamic programming over (layers done, lead, whether it is reserved)."""
    starting: list[list[Step]] = [[] for _ in range(count + 1)]
    for step in steps:
        starting[step.first].append(step)
    # Behind a step that works in place, its own lead stays; behind others, one is reserved as needed.
    needed_leads = [{0, *(step.lead for step in following)} for following in starting]
    best: list[dict[tuple[int, bool], Path]] = [{} for _ in range(count + 1)]
    best[0][0, False] = Path()
    for position in range(count):
        for path in best[position].values():
            for step in starting[position]:
                for lead in {0} if step.lead else needed_leads[step.last + 1]:
                    longer = path.extended(step, lead, limit)
                    if longer is not None:
                        known = best[step.last + 1].get((longer.lead, longer.reserved))
                        if known is None or key(longer) < key(known):
                            best[step.last + 1][longer.lead, longer.reserved] = longer
    return min(best[count].values(), key=key, default=None)


def _added_first(path: Path) -> tuple[float, ...]:
    return path.instructions, path.segment_count, path.peak


def _paired(costs: StepCosts, segment: Segment, limit: int) -> Segment:
    """The segment with its exact rows, and with several rows at a time for as many layers as the limit on its step
    allows, those first that gain most instructions."""
    model, graph, added = costs.model, costs.graph, costs.added
    if segment.in_place:
        return segment
    layers = graph.layers[segment.first : segment.last + 1]
    several = {x.output: model.kernel_of(x).rows_at_once for x in layers if model.kernel_of(x).rows_at_once > 1}
    single = several.keys() - segment.at_once.keys()
    gain = {name: added[name, 1] - added[name, several[name]] for name in single}
    best = streamed_segment(graph, segment.first, segment.last, segment.at_once)
    for name in sorted(gain, key=lambda name: (-gain[name], name)):
        at_once = {**best.at_once, name: several[name]}
        paired = streamed_segment(graph, segment.first, segment.last, at_once)
        if costs.streamed(paired).bytes <= limit:
            best = paired
    return best
