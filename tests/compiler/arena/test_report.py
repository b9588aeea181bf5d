"""The memory section of model.json and what --explain-memory says of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from paddle_cortexm.artefacts.model import Memory
from paddle_cortexm.compiler.arena.choice import plan_arena
from paddle_cortexm.compiler.arena.report import constants_report, memory_report
from paddle_cortexm.compiler.backends.registry import backends_named
from paddle_cortexm.compiler.kernels.kernel import KernelGraph
from paddle_cortexm.compiler.kernels.selection import select_kernels
from paddle_cortexm.report.memory_explanation import explanation
from paddle_cortexm.report.memory_timeline import save_memory_timeline
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


def test_the_explanation_lists_what_lives_at_the_peak_and_adds_up(network: KernelGraph) -> None:
    for arena in ("none", 24_576):
        made = report(network, arena)
        lines = explanation(made).splitlines()
        listed = [line for line in lines if line.startswith("  ") and line.split()[0] != "bytes"]
        assert len({re.match(r" +\S+ +\S+", line).end() for line in listed}) == 1  # type: ignore[union-attr]
        assert sum(int(line.split()[0].replace(",", "")) for line in listed) == made.lower_bound
    text = "\n".join(lines)
    assert "row by row" in lines[1] and re.search(r"\b\d rows of \d+x\d+x\d+$", text, re.MULTILINE)
    assert re.search(r"  scratch of layers '\d+ .+' to '\d+ .+'$", text, re.MULTILINE)


def test_the_bound_of_the_plan_and_that_of_all_choices_are_both_named(network: KernelGraph) -> None:
    limited, smallest, plain = (report(network, arena) for arena in (24_576, "minimum", "none"))
    assert smallest.smallest_bound == limited.smallest_bound == plain.smallest_bound
    assert smallest.lower_bound == smallest.smallest_bound < limited.lower_bound
    assert f"best choice of streamed layers: {smallest.lower_bound:,} bytes" in explanation(limited)
    names = [layer.title for layer in limited.layers]
    ends = [(names[s.first], names[s.last]) for s in limited.segments]
    assert limited.peak in [f"layers '{first}' to '{last}', row by row" for first, last in ends]
    assert plain.peak == f"layer '{plain.peak_layer}'"


def test_every_buffer_has_a_kind_and_the_region_is_named(network: KernelGraph) -> None:
    plan = plan_arena(network, "minimum")
    made = memory_report(network, plan, consume_input=True)
    assert {b.kind for b in made.buffers} >= {"image", "rolling rows", "whole tensor", "scratch"}
    assert "bytes in DTCM, proven optimal" in explanation(made, "DTCM")
    assert set(made.peak_buffers) <= {b.name for b in made.buffers}


def test_packing_adds_little_to_weights_and_biases() -> None:
    network = select_kernels(mobilenetv2(1.0, 96), backends_named(("helium",)))
    constants = constants_report(network)
    assert constants.packing_overhead == constants.packed - constants.plain
    assert 0 < constants.packing_overhead < 0.06 * constants.plain


def test_the_timeline_is_the_same_file_each_time(network: KernelGraph, tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        save_memory_timeline(tmp_path / name, "a network", report(network, "minimum"), "DTCM")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes() != b""
