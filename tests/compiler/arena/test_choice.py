"""Which layers are streamed, and what the arena of the known networks comes to."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from paddle_cortexm.compiler.arena.choice import Search, plan_arena
from paddle_cortexm.compiler.arena.plan import MemoryPlan, aligned, plan_memory
from paddle_cortexm.compiler.arena.row_costs import added_by_layer
from paddle_cortexm.compiler.arena.rows import Segment, can_work_in_place, row_bytes
from paddle_cortexm.compiler.backends.registry import backends_named
from paddle_cortexm.compiler.graph import Graph
from paddle_cortexm.compiler.kernels.kernel import KernelGraph
from paddle_cortexm.compiler.kernels.selection import select_kernels
from paddle_cortexm.compiler.operators.weights.depthwise_convolution import IntegerDepthwiseConvolution
from paddle_cortexm.config import parse_arena
from paddle_cortexm.errors import UserError
from tests.compiler.networks import MOBILENETV2_WIDTHS, PPLCNET_WIDTHS, Network, mobilenetv2, pplcnet

Builder = Callable[[float, int], Graph]
WIDTHS = [*((mobilenetv2, width) for width in MOBILENETV2_WIDTHS), *((pplcnet, width) for width in PPLCNET_WIDTHS)]


@cache
def selected(network: Builder, width: float, size: int) -> KernelGraph:
    return select_kernels(network(width, size), backends_named(("helium",)))


@cache
def planned(network: Builder, width: float, size: int, arena: str | int, *, consume_input: bool = True) -> MemoryPlan:
    chosen = selected(network, width, size)
    return plan_arena(chosen, arena, consume_input=consume_input)  # type: ignore[arg-type]


def largest_layer(chosen: KernelGraph) -> int:
    """The largest sum of a layer's scratch and of all tensors made by then and read from then on, bytes."""
    graph = chosen.graph
    readers = {name: i for i, layer in enumerate(graph.layers) for name in layer.inputs}
    readers[graph.output] = len(graph.layers) - 1
    made = {layer.output: i for i, layer in enumerate(graph.layers)} | {graph.input: 0}
    sums = [
        aligned(chosen.kernels[layer.output].scratch_bytes)
        + sum(aligned(graph.tensors[name].bytes) for name in made if made[name] <= i <= readers[name])
        for i, layer in enumerate(graph.layers)
    ]
    return max(sums)


@pytest.mark.parametrize("size", [96, 160, 224])
@pytest.mark.parametrize(("network", "width"), WIDTHS)
def test_layer_by_layer_no_byte_is_needed_above_the_lower_bound(network: Builder, width: float, size: int) -> None:
    chosen = selected(network, width, size)
    plan = plan_memory(chosen)
    assert plan.arena_bytes == plan.lower_bound == largest_layer(chosen)


@pytest.mark.parametrize(
    ("network", "width", "size", "limit"),
    [
        (mobilenetv2, 1.0, 224, 262_144),
        (mobilenetv2, 0.5, 224, 131_072),
        (pplcnet, 1.0, 224, 196_608),
        (mobilenetv2, 0.25, 96, 24_576),
    ],
)
def test_streaming_fits_the_known_networks_into_their_limits(
    network: Builder, width: float, size: int, limit: int
) -> None:
    limited, smallest = planned(network, width, size, limit), planned(network, width, size, "minimum")
    assert smallest.arena_bytes <= limited.arena_bytes <= limit
    assert 0 < streamed_layers(limited) <= streamed_layers(smallest)


def streamed_layers(plan: MemoryPlan) -> int:
    return sum(len(segment.layers) for segment in plan.segments)


def test_an_input_that_may_not_be_consumed_costs_nothing_where_its_rows_are_made_on_demand() -> None:
    for arena in (24_576, "minimum"):
        consumed, kept = (planned(mobilenetv2, 0.25, 96, arena, consume_input=consume) for consume in (True, False))
        assert kept.arena_bytes == consumed.arena_bytes and "image" in kept.rolling


def test_an_input_that_stands_whole_is_kept_to_the_end_when_asked() -> None:
    plain = planned(mobilenetv2, 0.25, 96, "none", consume_input=False)
    image = next(buffer for buffer in plain.buffers if buffer.name == "image")
    assert image.last == len(selected(mobilenetv2, 0.25, 96).graph.layers) - 1


@pytest.mark.parametrize("consume_input", [True, False])
@pytest.mark.parametrize(("network", "size"), [(mobilenetv2, 96), (pplcnet, 64)])
def test_the_search_foresees_what_its_plan_takes(network: Builder, size: int, consume_input: bool) -> None:
    """The cost of a step, its neighbours' leads included, is what lives during it in the finished plan."""
    chosen = selected(network, 0.25, size)
    search = Search.of(chosen, consume_input=consume_input)
    smallest = search.smallest_peak()
    for limit in (smallest, smallest * 5 // 4, smallest * 2):
        plan = plan_memory(chosen, search.cheapest(limit), consume_input=consume_input)
        assert plan.lower_bound <= limit
        assert limit > smallest or plan.lower_bound == smallest


def test_a_part_of_a_run_costs_what_it_does_alone() -> None:
    chosen = selected(mobilenetv2, 0.25, 96)
    for costs, steps in Search.of(chosen, consume_input=True).ways:
        streamed = [(step, segment) for step in steps if (segment := step.segment(chosen.graph)) is not None]
        assert len(streamed) > 300 and {step.first for step, _ in streamed} > {1, 5, 9}
        for step, segment in streamed:
            alone = costs.streamed(segment)
            assert (step.bytes, step.instructions) == (alone.bytes, pytest.approx(alone.instructions))


def test_rows_are_made_two_at_a_time_wherever_the_smallest_arena_allows_it() -> None:
    smallest = planned(mobilenetv2, 1.0, 224, "minimum")
    first, *later = [segment for segment in smallest.segments if not segment.in_place]
    assert not first.at_once and any(segment.at_once for segment in later)


def test_of_the_plans_within_a_limit_the_one_with_the_fewest_added_instructions_is_taken() -> None:
    chosen = selected(mobilenetv2, 0.25, 96)
    search = Search.of(chosen, consume_input=True)
    added = added_by_layer(chosen)

    def instructions(limit: int) -> float:
        layers = [(chosen.graph.layers[i].output, s) for s in search.cheapest(limit) for i in s.layers]
        return sum(added[name, segment.at_once.get(name, 1)] for name, segment in layers)

    smallest = search.smallest_peak()
    costs = [instructions(smallest * part // 8) for part in range(8, 33, 4)]
    assert costs == sorted(costs, reverse=True) and costs[0] > 2 * costs[-1] >= 0


def test_a_limit_that_the_plain_program_keeps_streams_nothing() -> None:
    plain = planned(mobilenetv2, 0.25, 96, "none").arena_bytes
    assert planned(mobilenetv2, 0.25, 96, plain).segments == ()
    assert len(planned(mobilenetv2, 0.25, 96, plain - 1).segments) > 0


def test_the_image_is_streamed_too() -> None:
    plan = planned(mobilenetv2, 1.0, 224, 262_144)
    assert plan.segments[0].rows["image"] == 3
    image = next(buffer for buffer in plan.buffers if buffer.name == "image")
    assert image.bytes == 3 * 224 * 3


def test_of_a_streamed_plan_nothing_alive_overlaps() -> None:
    plan = planned(mobilenetv2, 1.0, 224, "minimum")
    for i, a in enumerate(plan.buffers):
        for b in plan.buffers[:i]:
            below = plan.starts[a.name] + a.bytes <= plan.starts[b.name]
            above = plan.starts[b.name] + b.bytes <= plan.starts[a.name]
            assert below or above or not a.overlaps(b)


def test_a_limit_out_of_reach_says_by_how_much_and_what_would_fit() -> None:
    plain, smallest = (planned(mobilenetv2, 0.25, 96, arena).arena_bytes for arena in ("none", "minimum"))
    with pytest.raises(UserError) as raised:
        planned(mobilenetv2, 0.25, 96, 8192)
    message = str(raised.value)
    assert f"8,192 bytes are {smallest - 8192:,} too few" in message and f"{plain:,}" in message
    setting = parse_arena(message.split(" that fits is ")[1].split()[0])
    assert setting == smallest == planned(mobilenetv2, 0.25, 96, setting).arena_bytes
    assert "set by layer" in message


def test_a_depthwise_layer_can_overwrite_its_input() -> None:
    chosen = selected(mobilenetv2, 1.0, 224)
    depthwise = [isinstance(layer.operator, IntegerDepthwiseConvolution) for layer in chosen.graph.layers]
    number = next(i for i, is_depthwise in enumerate(depthwise) if is_depthwise and can_work_in_place(chosen.graph, i))
    plan = plan_memory(chosen, [Segment(number, number, {}, in_place=True)])
    layer = chosen.graph.layers[number]
    rows = (plan.offsets[layer.inputs[0]] - plan.offsets[layer.output]) / row_bytes(chosen.graph, layer.output)
    assert rows == 2  # its padding and one more


def test_a_window_with_more_rows_than_the_tables_hold_is_not_streamed() -> None:
    network = Network(96)
    graph = network.classes(network.mean(network.convolution("image", 8, kernel=3, stride=2)))
    chosen = select_kernels(graph, backends_named(("helium",)))
    plan = plan_arena(chosen, "minimum")
    streamed = [chosen.graph.layers[i].output for segment in plan.segments for i in segment.layers]
    assert streamed == [chosen.graph.layers[0].output]  # the mean reads 48 rows
