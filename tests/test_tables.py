"""Tables as text and as Markdown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddle_cortexm.tables import NARROWEST, markdown_table, text_table

HEAD = ("layer", "kernel", "MACs")
ROWS = [("conv2d_0.tmp_0", "stem", "1,024"), ("pool", "average", "9")]


def test_words_stand_left_and_numbers_right() -> None:
    assert text_table(HEAD, ROWS, left=(0, 1)).splitlines() == [
        "layer           kernel    MACs",
        "conv2d_0.tmp_0  stem     1,024",
        "pool            average      9",
    ]


def test_lines_end_with_their_last_letter() -> None:
    lines = text_table(("bytes", "what"), [("1", "a tensor"), ("20", "scratch")], left=(1,), indent="  ").splitlines()
    assert lines == ["  bytes  what", "      1  a tensor", "     20  scratch"]


@given(
    st.lists(st.text("abcdef", min_size=1, max_size=60), min_size=1, max_size=4), st.integers(2 * NARROWEST + 12, 200)
)
def test_a_table_fits_the_width_while_its_words_may_be_cut(names: list[str], width: int) -> None:
    text = text_table(HEAD, [(name, name, "12,345") for name in names], left=(0, 1), width=width)
    assert all(len(line) <= width for line in text.splitlines())


def test_what_was_cut_says_so_and_numbers_are_never_cut() -> None:
    line = text_table(HEAD, [("x" * 40, "kernel", "1,234,567")], left=(0, 1), width=40).splitlines()[1]
    assert "x\N{HORIZONTAL ELLIPSIS}" in line and line.endswith("1,234,567")


def test_columns_of_words_keep_their_first_letters_on_a_narrow_screen() -> None:
    line = text_table(HEAD, [("x" * 40, "y" * 40, "1")], left=(0, 1), width=10).splitlines()[1]
    assert line.count("x") == line.count("y") == NARROWEST - 1


@pytest.mark.parametrize(("left", "rule"), [((0,), "| --- | ---: | ---: |"), (range(2), "| --- | --- | ---: |")])
def test_markdown_has_a_rule_that_aligns(left: range, rule: str) -> None:
    lines = markdown_table(HEAD, ROWS, left=left).splitlines()
    assert lines == ["| layer | kernel | MACs |", rule, "| conv2d_0.tmp_0 | stem | 1,024 |", "| pool | average | 9 |"]
