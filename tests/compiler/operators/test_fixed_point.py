"""Fixed-point scales: exact rounding, exact range."""

from fractions import Fraction
from math import floor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddle_cortexm.compiler.operators.parts.fixed_point import fixed_point, fixed_points, requantise

INT32 = st.integers(-(2**31), 2**31 - 1)
MULTIPLIERS = st.integers(2**30, 2**31 - 1)
SHIFTS = st.integers(-31, 30)
SCALES = st.floats(min_value=2**-31, max_value=2**20)


@given(INT32, MULTIPLIERS, SHIFTS)
def test_requantise_is_the_exact_product_rounded_once_half_upwards(a: int, multiplier: int, shift: int) -> None:
    exact = floor(a * multiplier * Fraction(2) ** (shift - 31) + Fraction(1, 2))
    assert requantise(np.array([a], np.int32), multiplier, shift)[0] == max(-(2**31), min(2**31 - 1, exact))


def test_requantise_saturates_where_the_product_is_wider_than_32_bits() -> None:
    results = requantise(np.array([2**30, -(2**30)], np.int32), 2**30, 3)
    assert results.tolist() == [2**31 - 1, -(2**31)]


@pytest.mark.parametrize(("a", "expected"), [(1, 1), (-1, 0), (3, 2), (-3, -1), (2, 1), (-2, -1)])
def test_halves_round_upwards(a: int, expected: int) -> None:
    half, shift = fixed_point(0.5)
    assert requantise(np.array([a], np.int32), half, shift)[0] == expected


@given(SCALES)
def test_a_scale_is_kept_to_31_bits(scale: float) -> None:
    multiplier, shift = fixed_point(scale)
    assert 2**30 <= multiplier < 2**31
    assert abs(Fraction(multiplier) * Fraction(2) ** (shift - 31) / Fraction(scale) - 1) <= Fraction(1, 2**31)


@given(st.integers(-31, 30))
def test_powers_of_two_are_exact(exponent: int) -> None:
    assert fixed_point(2.0**exponent) == (2**30, exponent + 1)


@given(st.integers(-20, 20))
def test_a_mantissa_that_rounds_up_to_one_moves_to_the_next_shift(exponent: int) -> None:
    assert fixed_point(np.nextafter(2.0**exponent, 0)) == (2**30, exponent + 1)


@given(st.floats(min_value=0, max_value=2**-30), st.sampled_from([2**31 - 1, -(2**31)]))
def test_a_scale_is_dropped_only_where_every_result_is_zero(scale: float, largest: int) -> None:
    if fixed_point(scale) == (0, 0):
        assert floor(largest * Fraction(scale) + Fraction(1, 2)) == 0


def test_zero_is_zero() -> None:
    assert fixed_point(0.0) == (0, 0)
    assert not requantise(np.array([2**31 - 1, -(2**31)], np.int32), 0, 0).any()


@given(st.lists(SCALES, min_size=1, max_size=8))
def test_many_scales_are_what_each_alone_is(scales: list[float]) -> None:
    multipliers, shifts = fixed_points(np.array(scales))
    assert list(zip(multipliers.tolist(), shifts.tolist(), strict=True)) == [fixed_point(scale) for scale in scales]


@given(st.lists(INT32, min_size=2, max_size=5), st.data())
def test_each_channel_has_its_own_scale(accumulators: list[int], data: st.DataObject) -> None:
    pairs = [(data.draw(MULTIPLIERS), data.draw(SHIFTS)) for _ in accumulators]
    together = requantise(
        np.array(accumulators, np.int32), np.array([m for m, _ in pairs]), np.array([s for _, s in pairs])
    )
    alone = [requantise(np.array([a], np.int32), *pair)[0] for a, pair in zip(accumulators, pairs, strict=True)]
    assert together.tolist() == alone
