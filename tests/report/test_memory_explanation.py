"""--explain-memory lists what lives at the peak, by the names that reports print."""

from __future__ import annotations

import re
from typing import Literal

import pytest

from paddle_cortexm.report.memory_explanation import explanation
from tests.report.memories import memory_of


@pytest.mark.parametrize("arena", ["none", 24_576])
def test_what_lives_at_the_peak_is_listed_and_adds_up(arena: int | Literal["none"]) -> None:
    memory = memory_of(arena)
    lines = explanation(memory).splitlines()
    listed = [line for line in lines if line.startswith("  ") and line.split()[0] != "bytes"]
    assert len({re.match(r" +\S+ +\S+", line).end() for line in listed}) == 1  # type: ignore[union-attr]
    assert sum(int(line.split()[0].replace(",", "")) for line in listed) == memory.lower_bound


def test_buffers_are_called_after_the_layers_that_make_or_use_them() -> None:
    lines = explanation(memory_of(24_576)).splitlines()
    text = "\n".join(lines)
    assert "row by row" in lines[1]
    assert re.search(r"  result of \d+ .+: \d rows of \d+x\d+x\d+$", text, re.MULTILINE)
    assert re.search(r"  scratch of layers '\d+ .+' to '\d+ .+'$", text, re.MULTILINE)


def test_the_bound_of_the_plan_and_that_of_all_choices_are_both_named() -> None:
    smallest = memory_of("minimum")
    assert f"best choice of streamed layers: {smallest.lower_bound:,} bytes" in explanation(memory_of(24_576))


def test_the_region_of_the_arena_is_named() -> None:
    assert "bytes in DTCM, proven optimal" in explanation(memory_of("minimum"), "DTCM")
