"""Integer softmax, layer norm and products: the nearest steps of what floats give for the same numbers."""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from paddle_cortexm.compiler.operators.parts.base import FloatOperator
from paddle_cortexm.compiler.operators.tokens.layer_norm import MOST_CHANNELS, LayerNorm, inverse_root
from paddle_cortexm.compiler.operators.tokens.product import Product
from paddle_cortexm.compiler.operators.tokens.softmax import Softmax
from paddle_cortexm.compiler.operators.tokens.view import View, view_of
from paddle_cortexm.compiler.tensor import Grid

SEEDS = st.integers(0, 2**32 - 1)
SCALES = st.floats(1e-4, 1.0)


def steps_off(
    operator: FloatOperator, inputs: Sequence[NDArray[np.int8]], grids: Sequence[Grid], output: Grid
) -> float:
    """How far the integer twin is from what the floats give, in steps of the output, saturated values included."""
    twin = operator.integer(grids, output)
    assert twin is not None
    real = [grid.scale * (x.astype(np.float64) - grid.zero_point) for grid, x in zip(grids, inputs, strict=True)]
    exact: NDArray[Any] = operator.evaluate(real).astype(np.float64) / output.scale + output.zero_point
    return float(np.abs(twin.evaluate(inputs) - np.clip(exact, -128, 127)).max())


def int8(random: np.random.Generator, *shape: int) -> NDArray[np.int8]:
    return random.integers(-128, 128, shape).astype(np.int8)


@given(SEEDS, st.integers(1, 300), SCALES)
def test_softmax_is_rounded_once(seed: int, channels: int, scale: float) -> None:
    x = int8(np.random.default_rng(seed), 2, 1, 3, channels)
    assert steps_off(Softmax(), [x], [Grid(scale, 7)], Grid(1 / 255, -128)) <= 0.5 + 1e-3


@given(SEEDS, st.integers(1, 300), SCALES, st.floats(1e-6, 1e-3))
def test_a_layer_norm_is_rounded_to_the_nearest_step(seed: int, channels: int, scale: float, epsilon: float) -> None:
    """And once before, to 1/256 of it."""
    random = np.random.default_rng(seed)
    gain, offset = (random.normal(0, 1, channels).astype(np.float32) for _ in range(2))
    x = int8(random, 2, 1, 3, channels)
    off = steps_off(LayerNorm(gain, offset, epsilon), [x], [Grid(scale, -30)], Grid(0.03, 4))
    assert off <= 0.5 + 1 / 256 + 5e-3  # epsilon is rounded to whole steps of the squares' sum


def test_a_layer_norm_of_equal_values_is_its_offset() -> None:
    norm = LayerNorm(np.ones(16, np.float32), np.linspace(-1, 1, 16, dtype=np.float32), 1e-6)
    twin = norm.integer([Grid(0.1, 0)], Grid(0.01, 0))
    assert twin is not None
    wanted = np.rint(norm.offset / 0.01)
    np.testing.assert_allclose(twin.evaluate([np.full((1, 1, 1, 16), 93, np.int8)])[0, 0, 0], wanted, atol=1)


def test_a_layer_norm_of_too_many_channels_has_no_integer_form() -> None:
    ones = np.ones(MOST_CHANNELS + 1, np.float32)
    assert LayerNorm(ones, ones, 1e-5).integer([Grid(1, 0)], Grid(1, 0)) is None


@given(st.integers(1, 2**62 - 1))
def test_the_inverse_root_has_31_bits(spread: int) -> None:
    inverse, places = (int(x[0]) for x in inverse_root(np.array([spread])))
    assert inverse >> 31 == 1 and places % 2 == 0
    exact = (1 << 63) / (isqrt(spread << (64 + places)) / 2.0**32)
    assert abs(inverse - exact) <= 2.0 + exact * 2.0**-31


@given(SEEDS, st.integers(1, 40), SCALES)
def test_a_product_is_rounded_once(seed: int, depth: int, scale: float) -> None:
    random = np.random.default_rng(seed)
    first, second = int8(random, 2, 1, 5, depth), int8(random, 2, 1, 3, depth)
    rows, columns, result = View(0, (0, 0, depth, 1)), View(0, (0, 0, depth, 1)), View(0, (0, 0, 3, 1))
    product = Product((1, 1, 5, 3), depth, rows, columns, result, (1, 1, 5, 3), 0.25)
    grids = [Grid(scale, -7), Grid(0.03, 101)]
    assert steps_off(product, [first, second], grids, Grid(scale / 4, 3)) <= 0.5 + 1e-3


@given(st.permutations(range(4)), st.lists(st.integers(1, 4), min_size=4, max_size=4))
def test_any_transposition_is_a_view(axes: list[int], sizes: list[int]) -> None:
    numbers = np.arange(np.prod(sizes)).reshape(sizes).transpose(axes)
    view = view_of(numbers)
    assert view is not None
    np.testing.assert_array_equal(view.positions(numbers.shape), numbers)


def test_elements_that_are_not_evenly_spaced_have_no_view() -> None:
    assert view_of(np.array([0, 1, 3]).reshape(1, 1, 1, 3)) is None
