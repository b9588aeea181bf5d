"""A grid's integers and reals, in float64 and as the generated C converts, in float32."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddle_cortexm.compiler.tensor import Grid

GRIDS = st.builds(Grid, st.floats(1e-3, 10.0), st.integers(-128, 127))
EVERY = np.arange(-128, 128).astype(np.int8)


@given(GRIDS)
def test_every_integer_comes_back_from_its_real_value(grid: Grid) -> None:
    reals = grid.float32_values(EVERY)
    assert reals.dtype == np.float32
    np.testing.assert_array_equal(grid.integers(reals), EVERY)
    np.testing.assert_array_equal(grid.float32_steps(reals), EVERY)


@given(GRIDS)
def test_the_limits_are_the_real_values_at_both_ends_and_all_beyond_saturates(grid: Grid) -> None:
    low, high = grid.limits
    assert (low, high) == pytest.approx(tuple(map(float, grid.float32_values(EVERY[[0, -1]]))))
    beyond = np.array([low - 3 * grid.scale, high + 3 * grid.scale])
    np.testing.assert_array_equal(grid.integers(beyond), [-128, 127])
    np.testing.assert_array_equal(grid.float32_steps(beyond), [-128, 127])


def test_halves_go_to_the_even_neighbour() -> None:
    halves = np.array([-1.5, -0.5, 0.5, 1.5, 2.5])
    np.testing.assert_array_equal(Grid(1.0, 0).integers(halves), [-2, 0, 0, 2, 2])
    np.testing.assert_array_equal(Grid(1.0, 0).float32_steps(halves), [-2, 0, 0, 2, 2])


@given(st.floats(1e-4, 10.0))
def test_int16_has_15_bits_and_ends_that_mirror_each_other(scale: float) -> None:
    grid = Grid(scale, 0, "int16")
    assert grid.limits == pytest.approx((-16383 * scale, 16383 * scale))
    ends = np.array([-16383, -1, 16383], np.int16)
    np.testing.assert_array_equal(grid.integers(2 * grid.float32_values(ends)), [-16383, -2, 16383])
    assert grid.integers(grid.float32_values(ends)).dtype == np.int16
