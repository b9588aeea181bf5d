"""Preprocessing: geometry, rounding, colours, the normalisation table."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddle_cortexm.compiler.tensor import Grid
from paddle_cortexm.data.preprocessing import apply_table, fitted, in_colour, input_pixels, normalisation_table
from paddle_cortexm.errors import UserError
from paddle_cortexm.settings.image_input import ImageInput

SIDES = st.integers(1, 200)


def random_image(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def cropped(size: int, resize: int) -> ImageInput:
    return ImageInput((size, size), (resize, resize))


def test_an_image_of_the_right_size_is_unchanged() -> None:
    image = random_image(96, 40)
    for fit in ("crop", "stretch", "pad"):
        assert np.array_equal(input_pixels(image, ImageInput((96, 40), (96, 40), fit)), image)  # type: ignore[arg-type]


def test_the_centre_is_kept() -> None:
    image = random_image(10, 14)
    assert np.array_equal(input_pixels(image, cropped(6, 10)), image[2:8, 4:10])
    assert np.array_equal(input_pixels(image, ImageInput((6, 12), (10, 14), "stretch")), image[2:8, 1:13])


def test_halving_averages_four_pixels_rounding_half_up() -> None:
    image = random_image(8, 8)
    blocks = image.reshape(4, 2, 4, 2, 3).astype(int).sum(axis=(1, 3))
    assert np.array_equal(input_pixels(image, cropped(4, 4)), (blocks + 2) // 4)


@settings(deadline=None, max_examples=200)
@given(SIDES, SIDES, SIDES, SIDES)
def test_it_is_opencv_s_bilinear_interpolation_within_one_level(height: int, width: int, tall: int, wide: int) -> None:
    image = random_image(height, width, seed=height * 100 + width)
    expected = cv2.resize(image, (wide, tall), interpolation=cv2.INTER_LINEAR).astype(int)
    result = input_pixels(image, ImageInput((tall, wide), (tall, wide), "stretch"))
    assert np.abs(result - expected).max() <= 1


@given(SIDES, SIDES, st.integers(1, 64), st.data())
def test_with_a_square_box_a_crop_resizes_the_short_side(
    height: int, width: int, resize: int, data: st.DataObject
) -> None:
    wanted = cropped(data.draw(st.integers(1, resize)), resize)
    short, long = sorted(fitted(height, width, wanted))
    assert short == resize
    assert abs(long - max(height, width) * resize / min(height, width)) <= 0.5


@given(SIDES, SIDES, st.tuples(SIDES, SIDES))
def test_a_crop_covers_the_box_and_padding_lies_inside_it(height: int, width: int, box: tuple[int, int]) -> None:
    over, inside = (fitted(height, width, ImageInput(box, box, fit)) for fit in ("crop", "pad"))  # type: ignore[arg-type]
    assert all(a >= side for a, side in zip(over, box, strict=True))
    assert all(1 <= a <= side for a, side in zip(inside, box, strict=True))
    assert any(a == side for a, side in zip(over, box, strict=True))
    assert any(a == side for a, side in zip(inside, box, strict=True))


def test_padding_is_of_the_colour_asked_for_and_where_it_is_asked_for() -> None:
    image = random_image(8, 9)
    centred = input_pixels(image, ImageInput((8, 20), (8, 20), "pad", pad_colour=(1, 2, 3)))
    assert np.array_equal(centred[:, 5:14], image)
    assert (centred[:, :5] == (1, 2, 3)).all() and (centred[:, 14:] == (1, 2, 3)).all()
    first = input_pixels(image, ImageInput((8, 20), (8, 20), "pad", "bgr", pad_colour=(1, 2, 3), pad_place="start"))
    assert np.array_equal(first[:, :9], image[..., ::-1]) and (first[:, 9:] == (3, 2, 1)).all()


def test_grey_is_opencv_s_for_every_colour() -> None:
    for red in range(0, 256, 5):
        colours = np.stack(np.meshgrid(red, np.arange(256), np.arange(256), indexing="ij"), axis=-1)[0].astype(np.uint8)
        assert np.array_equal(in_colour(colours, "grey")[..., 0], cv2.cvtColor(colours, cv2.COLOR_RGB2GRAY))


@given(st.integers(0, 255))
def test_a_grey_pixel_stays_as_grey_as_it_was(level: int) -> None:
    assert in_colour(np.full((1, 1, 3), level, np.uint8), "grey").tolist() == [[[level]]]


@pytest.mark.parametrize("shape", [(1025, 8, 3), (8, 1025, 3), (0, 8, 3), (8, 8, 4), (8, 8)])
def test_a_frame_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(UserError, match=r"1024|RGB888"):
        input_pixels(np.zeros(shape, np.uint8), cropped(4, 4))


def test_the_table_normalises_each_channel() -> None:
    table = normalisation_table((0.5, 0.25, 0.0), (0.5, 0.25, 1.0))
    assert table.shape == (3, 256) and table.dtype == np.float32
    assert table[:, 255].tolist() == [1.0, 3.0, 1.0] and table[:, 0].tolist() == [-1.0, -1.0, 0.0]
    assert normalisation_table((0.5,), (0.25,)).shape == (1, 256)


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
    assert apply_table(image[..., :1], table[:1]).shape == (3, 4, 1)
