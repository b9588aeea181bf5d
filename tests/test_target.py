"""Where the parts of a model go on a board, and that the boards' data makes sense."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from paddle_cortexm.boards import CORSTONE300, CORSTONE310, CORSTONE320, TARGETS, target_named
from paddle_cortexm.errors import UserError
from paddle_cortexm.target import FRAME_BYTES, KIB, PARTS, Target


def test_an_unknown_target_lists_the_known_and_the_nearest() -> None:
    with pytest.raises(
        UserError, match=r"'corstone3000'.*did you mean 'corstone300'.*corstone300, corstone310, corstone320"
    ):
        target_named("corstone3000")


def test_each_part_goes_to_the_fastest_memory_with_room() -> None:
    assigned = CORSTONE300.assign_regions(arena=100_000, weights=1_000_000, hot=1000)
    assert assigned == {"arena": "DTCM", "hot": "DTCM", "weights": "SRAM"}
    assigned = CORSTONE300.assign_regions(arena=100_000, weights=3_000_000, hot=1000)
    assert assigned == {"arena": "DTCM", "hot": "DTCM", "weights": "DDR"}
    assert CORSTONE300.assign_regions(arena=1_500_000, weights=1_000_000, hot=1000)["weights"] == "BRAM"
    free = CORSTONE300.free("SRAM")  # room for the weights, but not for the hot constants' stored bytes as well
    assert CORSTONE300.assign_regions(arena=100_000, weights=free - 500, hot=1000)["weights"] == "DDR"


def test_a_larger_arena_goes_to_the_next_memory_and_leaves_the_fastest_to_the_hot_constants() -> None:
    assigned = CORSTONE300.assign_regions(arena=1_500_000, weights=3_000_000, hot=100_000)
    assert (assigned["arena"], assigned["hot"]) == ("SRAM", "DTCM")
    assert CORSTONE310.assign_regions(arena=20_000, weights=1, hot=9000) == {
        "arena": "DTCM",
        "weights": "SRAM",
        "hot": "SRAM",
    }


def test_memory_that_the_program_itself_needs_is_not_given_away() -> None:
    free = CORSTONE310.free("DTCM")
    assert CORSTONE310.assign_regions(arena=free, weights=0, hot=0)["arena"] == "DTCM"
    assert CORSTONE310.assign_regions(arena=free + 1, weights=0, hot=0)["arena"] == "SRAM"


def test_what_fits_nowhere_says_by_how_much() -> None:
    with pytest.raises(UserError, match=r"weights: 300,000,000 bytes do not fit into DDR.*34,710,272 too few"):
        CORSTONE300.assign_regions(arena=1, weights=300_000_000, hot=0)
    with pytest.raises(UserError, match=r"arena: 900,000,000 bytes"):
        CORSTONE300.assign_regions(arena=900_000_000, weights=0, hot=0)


def test_an_unknown_region_names_the_key_and_the_regions_that_hold_data() -> None:
    with pytest.raises(UserError, match=r"compile.memory.regions.arena: DTC is no memory of corstone300") as raised:
        CORSTONE300.assign_regions(arena=1, weights=1, hot=1, asked={"arena": "DTC"})
    assert "did you mean 'DTCM'" in str(raised.value) and "Allowed: DTCM, SRAM, BRAM, DDR" in str(raised.value)


def test_hot_constants_are_stored_beside_the_weights_and_run_elsewhere() -> None:
    with pytest.raises(UserError, match=r"weights: 2,190,000 bytes .* into BRAM.*hot constants are stored there too"):
        CORSTONE300.assign_regions(arena=1000, weights=2_090_000, hot=100_000, asked={"weights": "BRAM"})
    bram = CORSTONE300.free("BRAM")
    asked = {"weights": "BRAM", "hot": "BRAM"}  # in one region they are stored once
    assert CORSTONE300.assign_regions(arena=1000, weights=bram - 1000, hot=1000, asked=asked)["hot"] == "BRAM"


def test_the_demo_frame_stands_in_the_ddr_wherever_the_weights_are() -> None:
    free = CORSTONE300.free("DDR")
    CORSTONE300.assign_regions(arena=1, weights=1000, hot=1, demo_frame=free, asked={"weights": "SRAM"})
    with pytest.raises(UserError, match="demo frame"):
        CORSTONE300.assign_regions(arena=1, weights=1000, hot=1, demo_frame=free + 1)


def test_regions_may_be_asked_for() -> None:
    assigned = CORSTONE300.assign_regions(
        arena=1000, weights=1000, hot=1000, asked={"arena": "BRAM", "weights": "SRAM"}
    )
    assert assigned == {"arena": "BRAM", "weights": "SRAM", "hot": "DTCM"}


def test_what_is_asked_for_goes_before_what_is_not() -> None:
    free = CORSTONE310.free("DTCM")
    assigned = CORSTONE310.assign_regions(arena=free, weights=0, hot=free, asked={"hot": "DTCM"})
    assert (assigned["arena"], assigned["hot"]) == ("SRAM", "DTCM")


def test_a_region_that_holds_no_data_is_refused() -> None:
    with pytest.raises(UserError, match=r"compile.memory.regions.arena: ITCM holds no data. Allowed: DTCM, SRAM"):
        CORSTONE300.assign_regions(arena=1, weights=0, hot=0, asked={"arena": "ITCM"})


def test_an_arena_in_the_slowest_memory_is_not_passed_over_in_silence() -> None:
    fast = CORSTONE300.assign_regions(arena=2_000_000, weights=1_000_000, hot=0)
    slow = CORSTONE300.assign_regions(arena=3_000_000, weights=1_000_000, hot=0)
    assert "slowest" not in CORSTONE300.described(fast) and "arena in SRAM" in CORSTONE300.described(fast)
    assert CORSTONE300.described(slow).startswith("arena in DDR")
    assert "compile.memory.arena: 2048KiB asks for one that fits into SRAM" in CORSTONE300.described(slow)


def test_read_only_memory_may_hold_weights_and_nothing_else() -> None:
    sizes = {"arena": 1000, "weights": 1000, "hot": 1000}
    assigned = CORSTONE320.assign_regions(**sizes, asked={"weights": "QSPI"})
    assert assigned == {"arena": "DTCM", "weights": "QSPI", "hot": "DTCM"}
    for part in ("arena", "hot"):
        with pytest.raises(
            UserError, match=f"compile.memory.regions.{part}: QSPI is read-only. Allowed: DTCM, SRAM, DDR"
        ):
            CORSTONE320.assign_regions(**sizes, asked={part: "QSPI"})


def test_weights_go_to_the_flash_unasked_only_when_nothing_else_has_room() -> None:
    room = CORSTONE320.free("DDR")
    assert CORSTONE320.assign_regions(arena=1, weights=room, hot=0)["weights"] == "DDR"
    tight = replace(CORSTONE320, demo_frame="DDR", regions=tuple(r for r in CORSTONE320.regions if r.name != "SRAM"))
    assert tight.assign_regions(arena=1, weights=8000 * KIB, hot=0, demo_frame=room)["weights"] == "QSPI"


def test_without_a_frame_buffer_nothing_is_reserved_for_it() -> None:
    bare = replace(CORSTONE300, frames=None)
    assert bare.free("DDR") == CORSTONE300.free("DDR") + FRAME_BYTES
    assert bare.output == "DDR"


@pytest.mark.parametrize("target", TARGETS.values(), ids=lambda target: target.name)
def test_every_role_of_a_board_names_a_memory_that_can_have_it(target: Target) -> None:
    names = [region.name for region in target.regions]
    assert len(set(names)) == len(names)
    assert {target.code, target.vectors, target.data, target.demo_frame} <= set(names)
    written = [target.data, target.output, *([target.frames] if target.frames else [])]
    assert not any(target.region(name).read_only for name in written)
    assert set(target.qemu.lacks) | ({target.qemu.vectors} - {None}) <= set(names)
    assert all(target.candidates(part) for part in PARTS)


@pytest.mark.parametrize("target", TARGETS.values(), ids=lambda target: target.name)
def test_the_memories_of_a_board_do_not_overlap(target: Target) -> None:
    ranges = sorted((region.origin, region.origin + region.size) for region in target.regions)
    assert all(end <= begin for (_, end), (begin, _) in itertools.pairwise(ranges))


@pytest.mark.parametrize("target", [CORSTONE300, CORSTONE310], ids=lambda target: target.name)
def test_a_model_is_told_the_sizes_that_the_memories_have(target: Target) -> None:
    for setting, name in (("CFGITCMSZ", "ITCM"), ("CFGDTCMSZ", "DTCM")):
        code = next(s.split("=")[1] for s in target.fvp.settings if setting in s)
        assert target.region(name).size == 2 ** (int(code) - 1) * KIB


def test_results_that_leave_too_little_room_are_named() -> None:
    with pytest.raises(UserError, match=r"results: 300,000,000 bytes do not fit into DDR.*fewer layers"):
        CORSTONE300.assign_regions(arena=1, weights=1, hot=1, results=300_000_000)
