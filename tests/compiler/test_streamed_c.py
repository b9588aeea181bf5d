"""Streamed programs against the same ones layer by layer: other memory, the same bits, nothing outside the arena."""

from __future__ import annotations

from pathlib import Path
from tempfile import mkdtemp

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from paddle_cortexm.compiler.backends.registry import backends_named
from paddle_cortexm.compiler.memory import plan_memory
from paddle_cortexm.compiler.segments import plan_arena
from paddle_cortexm.compiler.selection import SelectedGraph, select_kernels
from paddle_cortexm.compiler.streaming import Segment, can_work_in_place, streamed_segment
from tests.compiler.streamed_networks import RandomNetwork, run_guarded


def paddings(kernel: int) -> st.SearchStrategy[tuple[int, int, int, int]]:
    return st.tuples(*[st.integers(0, kernel // 2)] * 4)


@st.composite
def networks(draw: st.DrawFn) -> SelectedGraph:
    """A stem, then blocks: expand, depthwise, project, perhaps added to where the block began; tables and pools."""
    network = RandomNetwork(draw(st.integers(0, 2**32)), draw(st.integers(6, 20)), draw(st.integers(6, 20)))
    if draw(st.booleans()):
        network.convolution(draw(st.integers(1, 20)), 3, draw(st.sampled_from([1, 2])), draw(paddings(3)))
    for _ in range(draw(st.integers(1, 3))):
        begin, kernel = network.last, draw(st.sampled_from([3, 5]))
        stride, depth = draw(st.sampled_from([1, 1, 2])), network.builder.tensors[begin].shape[3]
        network.convolution(draw(st.integers(1, 24)), 1, 1, (0, 0, 0, 0))
        if draw(st.booleans()):
            network.table()
        half = kernel // 2
        fits = min(network.builder.tensors[network.last].shape[1:3]) >= kernel
        padding = draw(paddings(kernel)) if fits and stride == 2 else (half, half, half, half)
        network.depthwise(kernel, stride, padding)
        network.convolution(draw(st.sampled_from([depth, draw(st.integers(1, 20))])), 1, 1, (0, 0, 0, 0))
        if begin in network.same_shape() and draw(st.booleans()):
            network.add(begin)
        if min(network.builder.tensors[network.last].shape[1:3]) >= 4 and draw(st.integers(0, 3)) == 0:
            network.max_pool(2, draw(st.sampled_from([1, 2])))
    return select_kernels(network.builder.graph(), backends_named(("helium",)))


@settings(max_examples=15)
@given(networks())
def test_a_streamed_network_gives_the_bits_of_the_unstreamed_one(selected: SelectedGraph) -> None:
    graph, kernels = selected.graph, selected.kernels
    assume(all(kernel.row_body is not None for kernel in kernels.values()))  # a single pixel is a matrix product
    image = np.random.default_rng(2).integers(-128, 128, graph.tensors["image"].shape, dtype=np.int8)
    several = {layer.name: kernels[layer.name].rows_at_once for layer in graph.layers}
    in_place = [
        Segment(i, i, {}, in_place=True, at_once=several)
        for i in range(len(graph.layers))
        if can_work_in_place(graph, i)
    ]
    plans = [
        plan_memory(graph, kernels),
        plan_memory(graph, kernels, [streamed_segment(graph, 0, len(graph.layers) - 1)]),
        plan_memory(graph, kernels, [streamed_segment(graph, 0, len(graph.layers) - 1, several)]),
        plan_memory(graph, kernels, in_place),
        plan_arena(graph, kernels, "minimum"),
    ]
    folder = Path(mkdtemp())
    outputs = {run_guarded(folder / str(i), graph, kernels, plan, image) for i, plan in enumerate(plans)}
    assert len(outputs) == 1
    assert plans[4].arena_bytes <= min(plans[0].arena_bytes, plans[1].arena_bytes)
