"""make memory: what counts as missed, and what is written into the document."""

from __future__ import annotations

from dataclasses import replace

import pytest

from paddle_cortexm.measure.common.document import fill
from paddle_cortexm.measure.memory import CASES, DOCUMENT, Result, comparison, failures, required, table

CASE = CASES[0]
WHOLE = Result("net/8", "none", False, 0, 9, 1000, 1000, 100, 10, "0badcafe", 900, "PASS")
LIMITED = replace(WHOLE, arena="256KiB", streamed=True, streamed_layers=5, instructions=105)
SMALLEST = replace(LIMITED, arena="minimum", instructions=130)


def test_equal_bits_within_the_limit_at_five_percent_more_instructions_pass() -> None:
    assert failures(CASE, [WHOLE, LIMITED, SMALLEST]) == []


@pytest.mark.parametrize(
    ("limited", "problem"),
    [
        (replace(LIMITED, verdict="FAIL"), "FAIL"),
        (replace(LIMITED, output_crc="00000000"), "other output bits"),
        (replace(LIMITED, arena_bytes=262_145), "262,145 B exceed 262,144"),
        (replace(LIMITED, instructions=106), "6.0% more instructions"),
    ],
)
def test_a_missed_aim_is_named(limited: Result, problem: str) -> None:
    (found,) = failures(CASE, [WHOLE, limited, SMALLEST])
    assert problem in found


def test_a_plan_above_the_lower_bound_is_named() -> None:
    (found,) = failures(CASE, [replace(WHOLE, bound_bytes=984), LIMITED, SMALLEST])
    assert "16 B above its lower bound" in found


def test_the_tables_give_streamed_rows_their_share_of_instructions() -> None:
    measured = [(CASE, [WHOLE, LIMITED, SMALLEST])]
    rows = table(measured).splitlines()
    assert len(rows) == 2 + 3 and "+5.00%" in rows[3] and "%" not in rows[2]
    assert comparison(measured).splitlines()[-1].count("1,000") == 2


def test_the_results_are_the_required_fields_without_minimum() -> None:
    rows = required([WHOLE, LIMITED, SMALLEST])
    assert [row["streamed"] for row in rows] == [False, True]
    fields = ["network", "streamed", "arena_bytes", "bound_bytes", "instructions", "output_crc", "verdict"]
    assert all(list(row) == fields for row in rows)


def test_the_networks_are_named_with_their_width_and_size() -> None:
    titles = ["MobileNetV2 1.0/224", "MobileNetV2_x0_5/224", "PPLCNet_x1_0/224", "MobileNetV2_x0_25/96"]
    assert [case.title for case in CASES] == titles


def test_a_block_is_replaced_between_its_marks_only() -> None:
    text = "a\n<!-- t -->\nold\n<!-- end t -->\nb\n"
    assert fill(text, {"t": "new"}) == "a\n<!-- t -->\nnew\n<!-- end t -->\nb\n"
    with pytest.raises(ValueError, match="'u'"):
        fill(text, {"u": "new"})


def test_the_document_has_all_marks() -> None:
    fill(DOCUMENT.read_text(encoding="utf-8"), {"comparison": "", "measured": "", "explained": ""})
