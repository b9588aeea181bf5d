"""Where a model's bytes go, and what is said when they go nowhere."""

from __future__ import annotations

import pytest

from paddle_cortexm.boards import CORSTONE300, CORSTONE310
from paddle_cortexm.compiler.arena.choice import plan_arena
from paddle_cortexm.compiler.arena.plan import MemoryPlan
from paddle_cortexm.compiler.arena.regions import RegionChoice, choose_regions, constant_bytes
from paddle_cortexm.compiler.backends.registry import backends_named
from paddle_cortexm.compiler.kernels.kernel import KernelGraph
from paddle_cortexm.compiler.kernels.selection import select_kernels
from paddle_cortexm.config import parse_arena
from paddle_cortexm.errors import UserError
from paddle_cortexm.target import Target
from tests.compiler.networks import mobilenetv2


@pytest.fixture(scope="module")
def network() -> KernelGraph:
    return select_kernels(mobilenetv2(1.0, 224), backends_named(("helium",)))


def plan(network: KernelGraph, arena: str | int) -> MemoryPlan:
    return plan_arena(network, arena)  # type: ignore[arg-type]


def assigned(network: KernelGraph, made: MemoryPlan, target: Target, **asked: str) -> RegionChoice:
    return choose_regions(network, made, target, asked, demo_bytes=0)


def test_a_streamed_arena_and_the_hot_constants_share_the_fastest_memory(network: KernelGraph) -> None:
    made = assigned(network, plan(network, 262_144), CORSTONE300)
    assert made.regions == {"arena": "DTCM", "weights": "DDR", "hot": "DTCM"}
    assert assigned(network, plan(network, "none"), CORSTONE300).regions["arena"] == "SRAM"


def test_weights_that_are_read_once_a_row_are_hot_while_there_is_room(network: KernelGraph) -> None:
    streamed = plan(network, 262_144)
    made = assigned(network, streamed, CORSTONE300)
    before, after = constant_bytes(network.kernels, "hot"), constant_bytes(made.model.kernels, "hot")
    assert before < after <= CORSTONE300.free("DTCM") - streamed.arena_bytes
    first = network.graph.layers[0].output
    assert all(constant.kind == "hot" for constant in made.model.kernels[first].constants)
    assert assigned(network, plan(network, "none"), CORSTONE300).model.kernels == network.kernels


def test_a_region_asked_for_is_used(network: KernelGraph) -> None:
    made = assigned(network, plan(network, 262_144), CORSTONE300, arena="SRAM", hot="DDR")
    assert made.regions == {"arena": "SRAM", "weights": "DDR", "hot": "DDR"}
    assert made.model.kernels == network.kernels  # hot constants stand where the weights do: nothing is gained


def test_an_arena_too_large_for_its_region_names_the_setting_that_fits(network: KernelGraph) -> None:
    with pytest.raises(UserError) as raised:
        assigned(network, plan(network, "none"), CORSTONE300, arena="DTCM")
    message = str(raised.value)
    whole, smallest = plan(network, "none"), plan(network, "minimum")
    assert f"{whole.arena_bytes - CORSTONE300.free('DTCM'):,} too large for DTCM" in message
    assert f"lower bound is {whole.lower_bound:,}" in message
    assert f"{smallest.arena_bytes} the smallest that works" in message
    setting = parse_arena(message.split("arena: ")[-1].split()[0])
    assert isinstance(setting, int) and assigned(network, plan(network, setting), CORSTONE300, arena="DTCM")


def test_an_arena_that_streaming_cannot_bring_down_far_enough_says_so(network: KernelGraph) -> None:
    with pytest.raises(UserError, match=r"still [\d,]+ too many: choose a smaller backbone"):
        assigned(network, plan(network, "none"), CORSTONE310, arena="DTCM")
