"""Offsets for buffers with given lifetimes, so that those alive together do not overlap and the whole is small.

Greedy first; where that misses the lower bound, an exact search improves it or proves that nothing is smaller.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

IMPROVEMENT_ROUNDS = 100
MOST_NODES = 20_000  # of the exact search: a count and not a time, so that every machine finds the same plan


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
class Placement:
    """offsets: by buffer name. span: bytes from 0 to the highest end. optimal: whether no placement is smaller; where
    false, the search ended before it knew."""

    offsets: dict[str, int]
    span: int
    optimal: bool = False


def lower_bound(buffers: Sequence[Buffer], layers: int) -> tuple[int, int]:
    """(bytes, layer): the largest sum of live buffers over all layers, which no plan can go below."""
    sums = [sum(b.bytes for b in buffers if b.first <= i <= b.last) for i in range(layers)]
    return max(sums), sums.index(max(sums))


def assign_offsets(buffers: Sequence[Buffer], bound: int) -> Placement:
    """Offsets for all buffers. bound: their lower_bound; a placement that reaches it ends the search."""
    found = _greedy(buffers, bound)
    return Placement(found.offsets, found.span, optimal=True) if found.span == bound else _exact(buffers, bound, found)


def _greedy(buffers: Sequence[Buffer], bound: int) -> Placement:
    """Greedy by several orders (Pisarchyk & Lee, "Efficient Memory Management for Deep Neural Net Inference", 2020:
    greedy by size and by breadth), each then improved by placing earlier what ended up highest; the best is kept."""
    neighbours = {b.name: [o for o in buffers if o.overlaps(b)] for b in buffers}
    breadth = {name: sum(o.bytes for o in others) for name, others in neighbours.items()}
    orders: list[Callable[[Buffer], tuple[int, ...]]] = [
        lambda b: (-b.bytes, b.first),
        lambda b: (-breadth[b.name], -b.bytes, b.first),
        lambda b: (b.first, -b.bytes),
        lambda b: (-b.last, -b.bytes),
        lambda b: (-(b.last - b.first), -b.bytes),
    ]
    best: Placement | None = None
    for rounds in (1, IMPROVEMENT_ROUNDS):  # a bare order is mostly enough
        for order in orders:
            found = _improved(sorted(buffers, key=order), neighbours, bound, rounds)
            if best is None or found.span < best.span:
                best = found
            if best.span == bound:
                return best
    assert best is not None
    return best


def _improved(ordered: list[Buffer], neighbours: Mapping[str, Sequence[Buffer]], bound: int, rounds: int) -> Placement:
    """First fit in this order; then again with the buffer that reaches highest moved to the front, and so on."""
    best: Placement | None = None
    for _ in range(rounds):
        offsets = _first_fit(ordered, neighbours)
        highest = max(ordered, key=lambda b: offsets[b.name] + b.bytes)
        span = offsets[highest.name] + highest.bytes
        if best is None or span < best.span:
            best = Placement(offsets, span)
        if span == bound:
            break
        ordered = [highest, *(b for b in ordered if b is not highest)]
    assert best is not None
    return best


def _first_fit(ordered: Sequence[Buffer], neighbours: Mapping[str, Sequence[Buffer]]) -> dict[str, int]:
    """Each buffer in turn at the lowest offset free during its whole life. neighbours: what lives at the same time."""
    offsets: dict[str, int] = {}
    for buffer in ordered:
        offset = 0
        placed = ((offsets[o.name], o.bytes) for o in neighbours[buffer.name] if o.name in offsets)
        for start, size in sorted(placed):
            if offset + buffer.bytes <= start:
                break
            offset = max(offset, start + size)
        offsets[buffer.name] = offset
    return offsets


@dataclass(frozen=True)
class _Level:
    """A partial stack. choices: (offset, -bytes, buffer) of what may come next; tops: by layer, the end of what is
    stacked there; missing: by layer, the bytes still to be stacked; base: by buffer, where it would stand; placed: the
    buffer on top, None at the bottom."""

    choices: Iterator[tuple[int, int, int]]
    tops: list[int]
    missing: list[int]
    base: list[int]
    placed: int | None


@dataclass
class _Search:
    """Branch and bound. Some smallest placement has every buffer at 0 or on top of one that lives at the same time; so
    it is enough to stack the buffers in all orders, each on what is below it, by ascending offset. A branch ends where
    at some layer what is stacked and what is still to come cannot stay below the best placement known."""

    buffers: Sequence[Buffer]
    bound: int
    best: Placement
    alive: Sequence[Sequence[int]]  # by buffer: the layers, of those where a buffer's life begins, at which it lives
    neighbours: Sequence[Sequence[int]]  # by buffer: those that live at the same time
    nodes: int = 0
    offsets: dict[int, int] = field(default_factory=dict)

    def run(self, missing: list[int]) -> None:
        """Stack the buffers in all ways, without recursion: a network may have a thousand of them."""
        levels = [self._level([0] * len(missing), missing, [0] * len(self.buffers), None, 0)]
        while levels:
            level = levels[-1]
            choice = next(level.choices, None)
            if choice is None:
                levels.pop()
                if level.placed is not None:
                    del self.offsets[level.placed]
            elif self.best.span > self.bound and self.nodes < MOST_NODES:
                self.nodes += 1
                higher = self._placed(level, choice[0], choice[2])
                if higher is not None:
                    levels.append(higher)

    def _placed(self, level: _Level, offset: int, i: int) -> _Level | None:
        """The level with buffer i on top; None where that leads to nothing better or, complete, is now the best."""
        end = offset + self.buffers[i].bytes
        tops, missing = list(level.tops), list(level.missing)
        for t in self.alive[i]:
            tops[t], missing[t] = end, missing[t] - self.buffers[i].bytes
        if max(map(int.__add__, tops, missing)) >= self.best.span:
            return None
        self.offsets[i] = offset
        if len(self.offsets) == len(self.buffers):
            self.best = Placement({self.buffers[j].name: start for j, start in self.offsets.items()}, max(tops))
            del self.offsets[i]
            return None
        base = list(level.base)
        for j in self.neighbours[i]:
            base[j] = max(base[j], end)
        return self._level(tops, missing, base, i, offset)

    def _level(self, tops: list[int], missing: list[int], base: list[int], placed: int | None, lowest: int) -> _Level:
        """lowest: the offset of the buffer placed last."""
        left = (i for i in range(len(self.buffers)) if i not in self.offsets and base[i] >= lowest)
        choices = iter(sorted((base[i], -self.buffers[i].bytes, i) for i in left))
        return _Level(choices, tops, missing, base, placed)


def _exact(buffers: Sequence[Buffer], bound: int, known: Placement) -> Placement:
    """The smallest placement, or the best found after MOST_NODES steps."""
    layers = sorted({b.first for b in buffers})
    alive = [[t for t, layer in enumerate(layers) if b.first <= layer <= b.last] for b in buffers]
    neighbours = [[j for j, other in enumerate(buffers) if other.overlaps(b)] for b in buffers]
    search = _Search(buffers, bound, known, alive, neighbours)
    search.run([sum(b.bytes for b in buffers if b.first <= layer <= b.last) for layer in layers])
    optimal = search.best.span == bound or search.nodes < MOST_NODES
    return Placement(search.best.offsets, search.best.span, optimal)
