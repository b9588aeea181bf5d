"""Where the parts of a model go on a board."""

from __future__ import annotations

import pytest

from paddle_cortexm.errors import UserError
from paddle_cortexm.target import CORSTONE300, CORSTONE310, target_named


def test_an_unknown_target_lists_the_known_and_the_nearest() -> None:
    with pytest.raises(UserError, match=r"'corstone3000'.*did you mean 'corstone300'.*corstone300, corstone310"):
        target_named("corstone3000")


def test_each_part_goes_to_the_fastest_memory_with_room() -> None:
    placed = CORSTONE300.place(arena=100_000, weights=1_000_000, hot=1000)
    assert placed == {"arena": "DTCM", "hot": "DTCM", "weights": "SRAM"}
    placed = CORSTONE300.place(arena=100_000, weights=3_000_000, hot=1000)
    assert placed == {"arena": "DTCM", "hot": "DTCM", "weights": "DDR"}
    assert CORSTONE300.place(arena=1_500_000, weights=1_000_000, hot=1000)["weights"] == "BRAM"
    free = CORSTONE300.region("SRAM").free  # room for the weights, but not for the hot constants' stored bytes as well
    assert CORSTONE300.place(arena=100_000, weights=free - 500, hot=1000)["weights"] == "DDR"


def test_a_larger_arena_goes_to_the_next_memory_and_leaves_the_fastest_to_the_hot_constants() -> None:
    placed = CORSTONE300.place(arena=1_500_000, weights=3_000_000, hot=100_000)
    assert (placed["arena"], placed["hot"]) == ("SRAM", "DTCM")
    assert CORSTONE310.place(arena=20_000, weights=1, hot=9000) == {"arena": "DTCM", "weights": "SRAM", "hot": "SRAM"}


def test_memory_that_the_program_itself_needs_is_not_given_away() -> None:
    free = CORSTONE310.region("DTCM").free
    assert CORSTONE310.place(arena=free, weights=0, hot=0)["arena"] == "DTCM"
    assert CORSTONE310.place(arena=free + 1, weights=0, hot=0)["arena"] == "SRAM"


def test_what_fits_nowhere_says_by_how_much() -> None:
    with pytest.raises(UserError, match=r"weights: 300,000,000 bytes do not fit into DDR.*34,710,272 too few"):
        CORSTONE300.place(arena=1, weights=300_000_000, hot=0)
    with pytest.raises(UserError, match=r"arena: 900,000,000 bytes"):
        CORSTONE300.place(arena=900_000_000, weights=0, hot=0)


def test_an_unknown_region_names_the_key_and_the_regions_that_hold_data() -> None:
    with pytest.raises(UserError, match=r"compile.memory.regions.arena: DTC is no memory of corstone300") as raised:
        CORSTONE300.place(arena=1, weights=1, hot=1, asked={"arena": "DTC"})
    assert "did you mean 'DTCM'" in str(raised.value) and "Allowed: DTCM, SRAM, BRAM, DDR" in str(raised.value)


def test_hot_constants_are_stored_beside_the_weights_and_run_elsewhere() -> None:
    with pytest.raises(UserError, match=r"weights: 2,190,000 bytes .* into BRAM.*hot constants are stored there too"):
        CORSTONE300.place(arena=1000, weights=2_090_000, hot=100_000, asked={"weights": "BRAM"})
    bram = CORSTONE300.region("BRAM").free
    asked = {"weights": "BRAM", "hot": "BRAM"}  # in one region they are stored once
    assert CORSTONE300.place(arena=1000, weights=bram - 1000, hot=1000, asked=asked)["hot"] == "BRAM"


def test_the_demo_frame_stands_in_the_ddr_wherever_the_weights_are() -> None:
    free = CORSTONE300.region("DDR").free
    CORSTONE300.place(arena=1, weights=1000, hot=1, frames=free, asked={"weights": "SRAM"})
    with pytest.raises(UserError, match="demo frame"):
        CORSTONE300.place(arena=1, weights=1000, hot=1, frames=free + 1)


def test_regions_may_be_asked_for() -> None:
    placed = CORSTONE300.place(arena=1000, weights=1000, hot=1000, asked={"arena": "BRAM", "weights": "SRAM"})
    assert placed == {"arena": "BRAM", "weights": "SRAM", "hot": "DTCM"}


def test_what_is_asked_for_goes_before_what_is_not() -> None:
    free = CORSTONE310.region("DTCM").free
    placed = CORSTONE310.place(arena=free, weights=0, hot=free, asked={"hot": "DTCM"})
    assert (placed["arena"], placed["hot"]) == ("SRAM", "DTCM")


def test_a_region_that_holds_no_data_is_refused() -> None:
    with pytest.raises(UserError, match=r"compile.memory.regions.arena: ITCM holds no data. Allowed: DTCM, SRAM"):
        CORSTONE300.place(arena=1, weights=0, hot=0, asked={"arena": "ITCM"})


def test_an_arena_in_the_slowest_memory_is_not_passed_over_in_silence() -> None:
    fast = CORSTONE300.place(arena=2_000_000, weights=1_000_000, hot=0)
    slow = CORSTONE300.place(arena=3_000_000, weights=1_000_000, hot=0)
    assert "slowest" not in CORSTONE300.described(fast) and "arena in SRAM" in CORSTONE300.described(fast)
    assert CORSTONE300.described(slow).startswith("arena in DDR")
    assert "compile.memory.arena: 2048KiB asks for one that fits into SRAM" in CORSTONE300.described(slow)
