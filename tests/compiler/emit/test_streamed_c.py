"""Streamed programs against the same ones layer by layer: other memory, the same bits, nothing outside the arena."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from paddle_cortexm.compiler.arena.choice import plan_arena, smallest_bound
from paddle_cortexm.compiler.arena.plan import MemoryPlan, plan_memory
from paddle_cortexm.compiler.arena.rows import Segment, can_work_in_place, streamed_segment
from paddle_cortexm.compiler.backends.registry import backends_named
from paddle_cortexm.compiler.kernels.kernel import KernelGraph
from paddle_cortexm.compiler.kernels.selection import select_kernels
from paddle_cortexm.compiler.operators.elementwise.conversion import Dequantise, Quantise
from paddle_cortexm.compiler.tensor import DataType
from tests.compiler.arena.streamed_networks import RandomNetwork, image_of, run_guarded


def paddings(kernel: int) -> st.SearchStrategy[tuple[int, int, int, int]]:
    return st.tuples(*[st.integers(0, kernel // 2)] * 4)


@st.composite
def networks(draw: st.DrawFn, dtype: DataType = "int8", *, mixed: bool = False) -> KernelGraph:
    """A stem, then blocks: expand, depthwise, project, perhaps added to where the block began; tables and pools. mixed:
    the middle of a block, or all from some layer on, in float32."""
    height, width = draw(st.integers(6, 20)), draw(st.integers(6, 20))
    network = RandomNetwork(draw(st.integers(0, 2**32)), height, width, dtype=dtype)
    if draw(st.booleans()):
        network.convolution(draw(st.integers(1, 20)), 3, draw(st.sampled_from([1, 2])), draw(paddings(3)))
    for _ in range(draw(st.integers(1, 3))):
        begin, kernel = network.last, draw(st.sampled_from([3, 5, 7]))
        stride, depth = draw(st.sampled_from([1, 1, 2])), network.builder.tensors[begin].shape[3]
        network.convolution(draw(st.integers(1, 24)), 1, 1, (0, 0, 0, 0))
        if draw(st.booleans()):
            network.table()
        if mixed:
            network.converted()
        half = kernel // 2
        fits = min(network.builder.tensors[network.last].shape[1:3]) >= kernel
        padding = draw(paddings(kernel)) if fits and stride == 2 else (half, half, half, half)
        if stride == 1 and draw(st.integers(0, 3)) == 0:
            network.depthwise(3, 1, (2, 2, 2, 2), dilation=2)
            network.add(draw(st.sampled_from(network.same_shape())))
        else:
            network.depthwise(kernel, stride, padding)
        if mixed and draw(st.booleans()):
            network.converted()
        channels, wanted = network.builder.tensors[network.last].shape[3], draw(st.integers(1, 20))
        if channels % 2 == 0 and draw(st.booleans()):
            network.convolution(channels, 3, 1, (1, 1, 1, 1), groups=2)
        network.convolution(draw(st.sampled_from([depth, wanted])), 1, 1, (0, 0, 0, 0))
        if begin in network.same_shape() and draw(st.booleans()):
            network.add(begin)
        if network.same_size() and draw(st.integers(0, 2)) == 0:
            network.concat(*network.same_size()[-2:])
        if min(network.builder.tensors[network.last].shape[1:3]) >= 4 and draw(st.integers(0, 3)) == 0:
            network.max_pool(2, draw(st.sampled_from([1, 2])))
    return select_kernels(network.builder.graph(), backends_named(("helium", "tvm")))


def all_streamed(model: KernelGraph, *, at_once: bool) -> MemoryPlan:
    """Everything that makes rows as one segment (all but a matrix product of a single pixel)."""
    can = [model.kernel_of(layer).row_body is not None for layer in model.layers]
    count = can.index(False) if False in can else len(can)
    ends = [i for i in range(count) if _is_closed(model, i)]
    several = {layer.output: model.kernel_of(layer).rows_at_once for layer in model.layers}
    segments = [streamed_segment(model.graph, 0, ends[-1], several if at_once else None)] if ends else []
    return plan_memory(model, segments)


def _is_closed(model: KernelGraph, last: int) -> bool:
    """Whether nothing the layers up to this one make is read behind it, but its own output."""
    inner = {model.graph.input, *(layer.output for layer in model.layers[:last])}
    return not any(inner & set(layer.inputs) for layer in model.layers[last + 1 :])


def assert_same_bits(model: KernelGraph, plans: list[MemoryPlan]) -> None:
    image = image_of(model.graph)
    outputs = {run_guarded(model, plan, image) for plan in plans}
    assert len(outputs) == 1


@settings(max_examples=10)
@given(networks())
def test_a_streamed_network_gives_the_bits_of_the_unstreamed_one(model: KernelGraph) -> None:
    several = {layer.output: model.kernel_of(layer).rows_at_once for layer in model.layers}
    makes_rows = [model.kernel_of(layer).row_body is not None for layer in model.layers]
    in_place = [
        Segment(i, i, {}, in_place=True, at_once=several)
        for i in range(len(model.layers))
        if makes_rows[i] and can_work_in_place(model.graph, i)
    ]
    plans = [
        plan_memory(model),
        all_streamed(model, at_once=False),
        all_streamed(model, at_once=True),
        plan_memory(model, in_place),
        plan_arena(model, "minimum"),
    ]
    assert_same_bits(model, plans)
    assert plans[4].arena_bytes <= min(plans[0].arena_bytes, plans[1].arena_bytes)


@settings(max_examples=6)
@given(networks(), st.booleans(), st.floats(0, 1))
def test_any_limit_gives_the_same_bits_the_input_consumed_or_kept(
    model: KernelGraph, consume_input: bool, share: float
) -> None:
    whole = plan_memory(model, consume_input=consume_input)
    smallest = plan_arena(model, "minimum", consume_input=consume_input)
    assert smallest_bound(model, consume_input=consume_input) <= smallest.arena_bytes
    limit = int(smallest.arena_bytes + share * (whole.arena_bytes - smallest.arena_bytes))
    limited = plan_arena(model, limit, consume_input=consume_input)
    assert limited.arena_bytes <= limit
    assert_same_bits(model, [whole, limited])


@settings(max_examples=4)
@given(st.sampled_from(["float16", "float32"]).flatmap(networks))
def test_a_network_in_floats_gives_the_same_bits_by_rows(model: KernelGraph) -> None:
    whole = plan_memory(model)
    smallest = plan_arena(model, "minimum")
    assert_same_bits(model, [whole, all_streamed(model, at_once=True), smallest])


@settings(max_examples=4)
@given(networks(mixed=True))
def test_conversions_between_integers_and_floats_are_streamed_as_well(model: KernelGraph) -> None:
    whole, streamed = plan_memory(model), all_streamed(model, at_once=True)
    conversions = [layer for layer in model.layers if isinstance(layer.operator, Quantise | Dequantise)]
    assert all(model.kernel_of(layer).row_body is not None for layer in conversions)
    assert_same_bits(model, [whole, streamed, plan_arena(model, "minimum")])


def test_a_fully_connected_layer_reads_the_whole_image_also_when_that_is_made_by_rows() -> None:
    network = RandomNetwork(seed=5, height=12, width=12, dtype="float32")
    network.convolution(8, 3, 1, (1, 1, 1, 1))
    network.convolution(8, 3, 2, (1, 1, 1, 1))
    network.fully_connected(5)
    model = select_kernels(network.builder.graph(), backends_named(("helium", "tvm")))
    streamed = plan_memory(model, [streamed_segment(model.graph, 0, 2)])
    assert streamed.segments[0].rows["t1"] == 6
    assert_same_bits(model, [plan_memory(model), streamed, plan_arena(model, "minimum")])


def test_a_segment_goes_on_through_conversions() -> None:
    network = RandomNetwork(seed=4, height=16, width=16)
    network.convolution(12, 1, 1, (0, 0, 0, 0))
    network.converted()
    network.depthwise(3, 1, (1, 1, 1, 1))
    network.converted()
    network.convolution(4, 1, 1, (0, 0, 0, 0))
    model = select_kernels(network.builder.graph(), backends_named(("helium", "tvm")))
    plan = plan_arena(model, "minimum")
    assert [(segment.first, segment.last) for segment in plan.segments] == [(0, 4)]
