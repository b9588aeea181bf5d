"""Lost and won images, and the intervals around what they say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddle_cortexm.report.paired import Paired

ANSWERS = st.lists(st.tuples(*[st.integers(0, 2)] * 3), min_size=1, max_size=60)


def test_lost_won_and_same_are_counted_image_by_image() -> None:
    # right both; lost; won; both wrong with the same class; both wrong with another
    paired = Paired.of([0, 1, 0, 2, 2], [0, 0, 1, 2, 0], [0, 1, 1, 1, 1])
    assert paired == Paired(images=5, before=2, after=2, lost=1, won=1, same=2)
    assert paired.difference == 0 and paired.same_share == 0.4


@given(ANSWERS)
def test_the_difference_lies_in_its_interval(answers: list[tuple[int, int, int]]) -> None:
    paired = Paired.of(*zip(*answers, strict=True))
    low, high = paired.difference_interval
    assert -1 <= low <= paired.difference <= high <= 1
    assert paired.difference == pytest.approx((paired.after - paired.before) / paired.images)
    assert 0 <= paired.same_interval[0] <= paired.same_share <= paired.same_interval[1] <= 1


@given(ANSWERS)
def test_exchanging_the_classifiers_mirrors_the_interval_and_keeps_p(answers: list[tuple[int, int, int]]) -> None:
    before, after, targets = zip(*answers, strict=True)
    there, back = Paired.of(before, after, targets), Paired.of(after, before, targets)
    assert there.p_value == pytest.approx(back.p_value)
    assert there.difference_interval == pytest.approx(tuple(-end for end in reversed(back.difference_interval)))


def test_mcnemars_test_is_the_exact_one() -> None:
    # 2 of 10 or a result as unlike: 2 * (1 + 10 + 45) / 2**10
    assert Paired(400, 330, 324, 8, 2, 380).p_value == pytest.approx(112 / 1024)
    assert Paired(400, 330, 330, 0, 0, 400).p_value == 1


def test_the_interval_is_that_of_bonett_and_price() -> None:
    # (8 + 1) / 402 lost, (2 + 1) / 402 won: -6 / 402 +- 1.95996 * sqrt((12 / 402 - (6 / 402)**2) / 402)
    low, high = Paired(400, 330, 324, 8, 2, 380).difference_interval
    assert (low, high) == pytest.approx((-0.0317516, 0.0019008), abs=1e-6)


def test_without_a_change_something_stays_uncertain() -> None:
    low, high = Paired(400, 330, 330, 0, 0, 400).difference_interval
    assert -0.01 < low < 0 < high < 0.01


@pytest.mark.parametrize("wrong", [(0, 0, 0, 0, 0, 0), (10, 5, 6, 0, 0, 10)])
def test_counts_that_cannot_be_are_refused(wrong: tuple[int, int, int, int, int, int]) -> None:
    with pytest.raises(ValueError):
        Paired(*wrong)


def test_answers_for_other_images_are_refused() -> None:
    with pytest.raises(ValueError, match="2 and 1 answers for 2 images"):
        Paired.of([0, 1], [0], [0, 1])
