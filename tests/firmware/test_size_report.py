"""Where the program's bytes are: by kind and region; what is in neither is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from paddle_cortexm.boards import CORSTONE300
from paddle_cortexm.errors import UserError
from paddle_cortexm.firmware import size_report
from paddle_cortexm.firmware.elf import Section

REGIONS = {"arena": "DTCM", "weights": "DDR", "hot": "DTCM"}
DTCM = CORSTONE300.region("DTCM").origin


def measure(*found: Section, monkeypatch: pytest.MonkeyPatch) -> tuple[dict[str, int], dict[str, dict[str, int]]]:
    """Totals, and contents by region, of a program with these sections."""
    monkeypatch.setattr(size_report, "sections", lambda elf: list(found))
    totals, table = size_report.measure(Path("app.elf"), CORSTONE300, REGIONS)
    return totals, {name: region.contents for name, region in table.items() if region.contents}


def test_what_is_copied_at_start_is_counted_where_it_is_stored_too(monkeypatch: pytest.MonkeyPatch) -> None:
    sections = Section(".model_hot", DTCM, 48, stored=True), Section(".arena", DTCM + 48, 64, stored=False)
    totals, contents = measure(*sections, monkeypatch=monkeypatch)
    assert contents == {"DTCM": {"hot": 48, "arena": 64}, "DDR": {"hot": 48}}
    assert totals["hot"] == 48 and totals["arena"] == 64 and totals["code"] == 0


def test_a_section_of_no_known_kind_is_named_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match=r"'\.init_array' of the program has 4 bytes of no known kind.*KIND_OF"):
        measure(Section(".init_array", DTCM, 4, stored=True), monkeypatch=monkeypatch)


def test_a_section_in_no_memory_is_named_with_the_memories(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match=r"'\.text' of the program is at 0xf0000000, in no memory of .*DTCM"):
        measure(Section(".text", 0xF0000000, 4, stored=True), monkeypatch=monkeypatch)
