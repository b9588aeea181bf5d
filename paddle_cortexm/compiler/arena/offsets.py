"""Offsets for buffers with given lifetimes, so that those alive together do not overlap and the whole is small.

Greedy first; where that misses the lower bound, an exact search improves it or proves that nothing is smaller.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
    breadth = {b.name: sum(o.bytes for o in buffers if o.overlaps(b)) for b in buffers}
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
            found = _improved(sorted(buffers, key=order), bound, rounds)
            if best is None or found.span < best.span:
                best = found
            if best.span == bound:
                return best
    assert best is not None
    return best


def _improved(ordered: list[Buffer], bound: int, rounds: int) -> Placement:
    """First fit in this order; then again with the buffer that reaches highest moved to the front, and so on."""
    best: Placement | None = None
    for _ in range(rounds):
        offsets = _first_fit(ordered)
        highest = max(ordered, key=lambda b: offsets[b.name] + b.bytes)
        span = offsets[highest.name] + highest.bytes
        if best is None or span < best.span:
            best = Placement(offsets, span)
        if span == bound:
            break
        ordered = [highest, *(b for b in ordered if b is not highest)]
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


@dataclass
class _Search:
    """Branch and bound. Some smallest placement has every buffer at 0 or on top of one that lives at the same time; so
    it is enough to stack the buffers in all orders, each on what is below it, by ascending offset. A branch ends where
    at some layer what is stacked and what is still to come cannot stay below the best placement known."""

    buffers: Sequence[Buffer]
    bound: int
    best: Placement
    layers: Sequence[int]  # those where a buffer's life begins: the sums are largest there
    alive: Sequence[Sequence[int]]  # by buffer: the places in `layers` at which it lives
    nodes: int = 0
    offsets: dict[int, int] = field(default_factory=dict)

    def stack(self, tops: list[int], missing: list[int], lowest: int) -> None:
        """Place one more buffer, in all ways. tops: by layer, the end of what is stacked there; missing: by layer, the
        bytes still to be stacked; lowest: the offset of the buffer placed last."""
        if len(self.offsets) == len(self.buffers):
            named = {self.buffers[i].name: offset for i, offset in self.offsets.items()}
            self.best = Placement(named, max(tops))
            return
        left = [i for i in range(len(self.buffers)) if i not in self.offsets]
        ready = [(max(tops[t] for t in self.alive[i]), -self.buffers[i].bytes, i) for i in left]
        for offset, _, i in sorted(ready):
            if offset < lowest or self.best.span == self.bound or self.nodes >= MOST_NODES:
                continue
            self.nodes += 1
            higher, fewer = list(tops), list(missing)
            for t in self.alive[i]:
                higher[t], fewer[t] = offset + self.buffers[i].bytes, missing[t] - self.buffers[i].bytes
            if max(map(int.__add__, higher, fewer)) < self.best.span:
                self.offsets[i] = offset
                self.stack(higher, fewer, offset)
                del self.offsets[i]


def _exact(buffers: Sequence[Buffer], bound: int, known: Placement) -> Placement:
    """The smallest placement, or the best found after MOST_NODES steps."""
    layers = sorted({b.first for b in buffers})
    alive = [[t for t, layer in enumerate(layers) if b.first <= layer <= b.last] for b in buffers]
    search = _Search(buffers, bound, known, layers, alive)
    missing = [sum(b.bytes for b in buffers if b.first <= layer <= b.last) for layer in layers]
    search.stack([0] * len(layers), missing, 0)
    optimal = search.best.span == bound or search.nodes < MOST_NODES
    return Placement(search.best.offsets, search.best.span, optimal)
