"""Placing buffers: none that live together overlap, and where nothing is smaller, that is known."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddle_cortexm.compiler.arena import offsets as arena_offsets
from paddle_cortexm.compiler.arena.offsets import Buffer, Placement, assign_offsets, lower_bound
from paddle_cortexm.compiler.arena.plan import ALIGNMENT

BUFFERS = st.lists(
    st.builds(
        lambda size, first, length: (size, first, first + length),
        st.integers(1, 40),
        st.integers(0, 9),
        st.integers(0, 5),
    ),
    min_size=1,
    max_size=14,
).map(lambda rows: [Buffer(f"b{i}", ALIGNMENT * size, first, last) for i, (size, first, last) in enumerate(rows)])


@given(BUFFERS)
def test_buffers_that_live_together_never_overlap(buffers: list[Buffer]) -> None:
    bound, _ = lower_bound(buffers, 15)
    placed = assign_offsets(buffers, bound)
    offsets, span = placed.offsets, placed.span
    for i, a in enumerate(buffers):
        for b in buffers[:i]:
            apart = offsets[a.name] + a.bytes <= offsets[b.name] or offsets[b.name] + b.bytes <= offsets[a.name]
            assert apart or not a.overlaps(b)
    assert all(offsets[b.name] >= 0 and offsets[b.name] + b.bytes <= span for b in buffers)


@given(BUFFERS)
def test_a_plan_is_never_below_the_bound_nor_above_the_sum(buffers: list[Buffer]) -> None:
    bound, layer = lower_bound(buffers, 15)
    span = assign_offsets(buffers, bound).span
    assert bound <= span <= sum(b.bytes for b in buffers)
    assert sum(b.bytes for b in buffers if b.first <= layer <= b.last) == bound


@given(BUFFERS)
def test_greedy_s_plan_is_never_made_worse(buffers: list[Buffer]) -> None:
    bound, _ = lower_bound(buffers, 15)
    placed = assign_offsets(buffers, bound)
    assert placed.span <= arena_offsets._greedy(buffers, bound).span
    assert placed.optimal or placed.span > bound


def smallest_span(buffers: list[Buffer]) -> int:
    """By trying all orders: some order of first fit gives a smallest placement."""

    def span(order: tuple[Buffer, ...]) -> int:
        offsets = arena_offsets._first_fit(order, {b.name: [o for o in order if o.overlaps(b)] for b in order})
        return max(offsets[b.name] + b.bytes for b in order)

    return min(map(span, permutations(buffers)))


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 4), st.integers(0, 3)), min_size=2, max_size=6))
def test_a_plan_said_to_be_optimal_is_as_small_as_the_best_of_all_orders(rows: list[tuple[int, int, int]]) -> None:
    buffers = [Buffer(f"b{i}", size, first, first + length) for i, (size, first, length) in enumerate(rows)]
    bound, _ = lower_bound(buffers, 9)
    smallest = smallest_span(buffers)
    known = Placement({}, sum(b.bytes for b in buffers) + 1)
    for placed in (assign_offsets(buffers, bound), arena_offsets._exact(buffers, bound, known)):
        assert placed.optimal and placed.span == smallest


def test_a_plan_that_greedy_misses_is_found() -> None:
    rows = [(10, 4, 9), (34, 8, 13), (12, 1, 4), (32, 6, 10), (7, 8, 12), (31, 6, 10), (25, 5, 7), (20, 7, 10)]
    rows += [(30, 4, 6), (31, 3, 5)]
    buffers = [Buffer(f"b{i}", size, first, last) for i, (size, first, last) in enumerate(rows)]
    bound, _ = lower_bound(buffers, 15)
    assert arena_offsets._greedy(buffers, bound).span > bound
    placed = assign_offsets(buffers, bound)
    assert placed.span == bound and placed.optimal


def test_a_thousand_buffers_are_stacked(monkeypatch: pytest.MonkeyPatch) -> None:
    """As deep networks have them: the search does not recurse."""
    monkeypatch.setattr(arena_offsets, "MOST_NODES", 1500)
    buffers = [Buffer(f"b{i}", 10 + i % 7, i, i + 2 + i % 3) for i in range(1200)]
    bound, _ = lower_bound(buffers, 1204)
    placed = arena_offsets._exact(buffers, bound, Placement({}, sum(b.bytes for b in buffers)))
    assert bound <= placed.span < 2 * bound
    alike = ((a, b) for i, a in enumerate(buffers) for b in buffers[i + 1 : i + 6] if a.overlaps(b))
    begin = placed.offsets
    assert all(begin[a.name] + a.bytes <= begin[b.name] or begin[b.name] + b.bytes <= begin[a.name] for a, b in alike)
