"""The memory section of model.json."""

from __future__ import annotations

import pytest

from paddle_cortexm.artefacts.model import Memory
from paddle_cortexm.compiler.arena.choice import plan_arena
from paddle_cortexm.compiler.arena.report import constants_report, memory_report
from paddle_cortexm.compiler.backends.registry import backends_named
from paddle_cortexm.compiler.kernels.kernel import KernelGraph
from paddle_cortexm.compiler.kernels.selection import select_kernels
from tests.compiler.networks import mobilenetv2


@pytest.fixture(scope="module")
def network() -> KernelGraph:
    return select_kernels(mobilenetv2(0.25, 96), backends_named(("helium",)))


def report(network: KernelGraph, arena: str | int) -> Memory:
    plan = plan_arena(network, arena)  # type: ignore[arg-type]
    return memory_report(network, plan, consume_input=True)


def test_the_report_holds_the_plan_and_the_plan_without_streaming(network: KernelGraph) -> None:
    limited, plain = report(network, 24_576), report(network, "none")
    assert limited.arena_bytes <= 24_576
    assert limited.layer_by_layer.arena_bytes == plain.arena_bytes
    layers = limited.layers
    assert max(x.live_bytes for x in layers) == limited.lower_bound
    assert max(x.live_bytes_layer_by_layer for x in layers) == plain.lower_bound
    assert layers[0].streamed and not layers[-1].streamed


def test_the_bound_of_all_choices_is_that_of_the_smallest_plan(network: KernelGraph) -> None:
    limited, smallest, plain = (report(network, arena) for arena in (24_576, "minimum", "none"))
    assert smallest.smallest_bound == limited.smallest_bound == plain.smallest_bound
    assert smallest.lower_bound == smallest.smallest_bound < limited.lower_bound


def test_the_peak_is_named_by_the_layers_that_make_it(network: KernelGraph) -> None:
    limited, plain = report(network, 24_576), report(network, "none")
    names = [layer.title for layer in limited.layers]
    ends = [(names[s.first], names[s.last]) for s in limited.segments]
    assert limited.peak in [f"layers '{first}' to '{last}', row by row" for first, last in ends]
    assert plain.peak == f"layer '{plain.peak_layer}'"


def test_every_buffer_has_a_kind_and_is_called_after_layers(network: KernelGraph) -> None:
    made = report(network, "minimum")
    assert {b.kind for b in made.buffers} >= {"image", "rolling rows", "whole tensor", "scratch"}
    assert set(made.peak_buffers) <= {b.name for b in made.buffers}
    titles = [layer.title for layer in made.layers]
    results = {f"result of {title}" for title in titles}
    for buffer in made.buffers:
        if buffer.kind == "image":
            assert buffer.title == "image"
        elif buffer.shape is not None:
            assert buffer.title in results
        else:
            assert buffer.title.startswith(f"{buffer.kind} of layer") and titles[buffer.first] in buffer.title
        assert set(buffer.also) <= results


def test_packing_adds_little_to_weights_and_biases() -> None:
    network = select_kernels(mobilenetv2(1.0, 96), backends_named(("helium",)))
    constants = constants_report(network)
    assert constants.packing_overhead == constants.packed - constants.plain
    assert 0 < constants.packing_overhead < 0.06 * constants.plain
