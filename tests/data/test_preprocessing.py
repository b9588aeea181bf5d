"""Preprocessing: geometry, rounding, the normalisation table."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddle_cortexm.compiler.tensor import Grid
from paddle_cortexm.data.preprocessing import apply_table, normalisation_table, resize_short_side_and_crop
from paddle_cortexm.errors import UserError


def random_image(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_an_image_of_the_right_size_is_unchanged() -> None:
    image = random_image(96, 96)
    assert np.array_equal(resize_short_side_and_crop(image, 96, 96), image)


def test_the_centre_is_kept() -> None:
    image = random_image(10, 14)
    assert np.array_equal(resize_short_side_and_crop(image, 10, 6), image[2:8, 4:10])


def test_halving_averages_four_pixels_rounding_half_up() -> None:
    image = random_image(8, 8)
    blocks = image.reshape(4, 2, 4, 2, 3).astype(int).sum(axis=(1, 3))
    assert np.array_equal(resize_short_side_and_crop(image, 4, 4), (blocks + 2) // 4)


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 80), st.integers(1, 80), st.integers(1, 64), st.data())
def test_it_is_bilinear_interpolation_within_one_level(
    height: int, width: int, resize: int, data: st.DataObject
) -> None:
    size = data.draw(st.integers(1, resize))
    image = random_image(height, width, seed=height * 100 + width)
    short = min(height, width)

    def sampling_points(source: int) -> np.ndarray:
        resized = int(np.floor(source * resize / short + 0.5))
        pixels = np.arange(size) + (resized - size) // 2
        return np.clip((pixels + 0.5) * source / resized - 0.5, 0, source - 1)

    y, x = sampling_points(height), sampling_points(width)
    top, left = np.floor(y).astype(int), np.floor(x).astype(int)
    bottom, right = np.minimum(top + 1, height - 1), np.minimum(left + 1, width - 1)
    fy, fx = (y - top)[:, None, None], (x - left)[None, :, None]
    above = image[top][:, left] * (1 - fx) + image[top][:, right] * fx
    below = image[bottom][:, left] * (1 - fx) + image[bottom][:, right] * fx
    exact = above * (1 - fy) + below * fy
    assert np.abs(resize_short_side_and_crop(image, resize, size) - exact).max() < 1


@pytest.mark.parametrize("shape", [(1025, 8, 3), (8, 1025, 3), (0, 8, 3), (8, 8, 4), (8, 8)])
def test_a_frame_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(UserError, match=r"1024|RGB888"):
        resize_short_side_and_crop(np.zeros(shape, np.uint8), 4, 4)


def test_a_crop_larger_than_the_resized_image_is_refused() -> None:
    with pytest.raises(UserError, match="resize 8 must be at least the image size 9"):
        resize_short_side_and_crop(random_image(8, 8), 8, 9)


def test_the_table_normalises_each_channel() -> None:
    table = normalisation_table((0.5, 0.25, 0.0), (0.5, 0.25, 1.0))
    assert table.shape == (3, 256) and table.dtype == np.float32
    assert table[:, 255].tolist() == [1.0, 3.0, 1.0] and table[:, 0].tolist() == [-1.0, -1.0, 0.0]


def test_the_quantised_table_rounds_half_to_even_and_clamps() -> None:
    table = Grid(scale=2.0, zero_point=-128).integers(normalisation_table((0.0,) * 3, (1 / 255,) * 3))
    assert table.dtype == np.int8
    assert table[0, :6].tolist() == [-128, -128, -127, -126, -126, -126]
    assert Grid(1.0, 0).integers(normalisation_table((0.0,) * 3, (1 / 255,) * 3))[1, 255] == 127


def test_each_channel_goes_through_its_own_row_of_the_table() -> None:
    image = random_image(3, 4)
    table = normalisation_table((0.1, 0.2, 0.3), (0.4, 0.5, 0.6))
    result = apply_table(image, table)
    assert result.shape == (3, 4, 3) and result[2, 1, 2] == table[2, image[2, 1, 2]]
