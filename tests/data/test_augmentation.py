"""Augmentation varies pictures as the config says, and only so."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddle_cortexm.config import Config
from paddle_cortexm.data.augmentation import Augmentation, with_noise_in_a_part
from paddle_cortexm.data.datasets import HeldFrames
from paddle_cortexm.data.preprocessing import input_pixels
from paddle_cortexm.settings.image_input import ImageInput

SIDES = st.integers(1, 300)
SCALES = st.tuples(st.floats(0.05, 1), st.floats(0.05, 1)).map(lambda ends: (min(ends), max(ends)))


INPUTS = [
    ImageInput((32, 32), (32, 32)),
    ImageInput((48, 192), (48, 192)),
    ImageInput((48, 192), (48, 192), "pad"),
    ImageInput((25, 19), (25, 19), "stretch"),
]


def pictures(count: int = 16, height: int = 12, width: int = 12) -> HeldFrames:
    frames = np.random.default_rng(1).integers(0, 256, (count, height, width, 3), dtype=np.uint8)
    return HeldFrames(np.zeros(count, np.int64), tuple(frames))


def square(side: int) -> ImageInput:
    return ImageInput((side, side), (side, side))


def varied(vary: Augmentation, images: HeldFrames, size: int | ImageInput, seed: int = 0) -> np.ndarray:
    wanted = square(size) if isinstance(size, int) else size
    random = np.random.default_rng(seed)
    return np.stack([vary.read(images, index, wanted, random) for index in range(len(images.frames))])


def test_nothing_to_vary_leaves_square_pictures_alone() -> None:
    images = pictures()
    assert np.array_equal(varied(Augmentation(), images, 12), images.frames)


def test_the_same_random_numbers_give_the_same_pictures() -> None:
    vary = Augmentation((0.5, 1.0), True, 0.3)
    assert np.array_equal(varied(vary, pictures(), 8, seed=3), varied(vary, pictures(), 8, seed=3))


def test_about_half_of_the_pictures_are_mirrored() -> None:
    images = pictures(200, 4, 4)
    flipped, frames = varied(Augmentation(flip=True), images, 4), np.stack(images.frames)
    mirrored = (flipped == frames[:, :, ::-1]).all(axis=(1, 2, 3))
    untouched = (flipped == frames).all(axis=(1, 2, 3))
    assert (mirrored | untouched).all()
    assert 70 < mirrored.sum() < 130


def test_crops_have_the_size_asked_for() -> None:
    assert varied(Augmentation((0.3, 0.9)), pictures(4, 20, 30), 7).shape == (4, 7, 7, 3)


@given(SIDES, SIDES, st.sampled_from(INPUTS), SCALES, st.booleans(), st.integers(0, 9))
def test_crops_lie_inside_the_picture(
    height: int, width: int, wanted: ImageInput, scale: tuple[float, float], whole: bool, seed: int
) -> None:
    box = Augmentation(scale, whole_photo=whole).box(height, width, wanted, np.random.default_rng(seed))
    assert box.left >= 0 and box.left + box.width <= width and box.width >= 1
    assert box.top >= 0 and box.top + box.height <= height and box.height >= 1


@given(st.integers(300, 900), st.integers(300, 900), st.sampled_from(INPUTS), st.integers(0, 9))
def test_crops_are_stretched_by_up_to_a_third_more_than_what_is_measured(
    height: int, width: int, wanted: ImageInput, seed: int
) -> None:
    box = Augmentation((0.3, 1)).box(height, width, wanted, np.random.default_rng(seed))
    seen = wanted.size[::-1] if wanted.fit == "crop" else (width, height)
    assert 0.72 < box.width / box.height * seen[1] / seen[0] < 1.4


def test_training_pictures_are_padded_and_coloured_as_those_that_are_measured() -> None:
    images, wanted = pictures(height=6, width=24), ImageInput((10, 24), (10, 24), "pad", "grey", pad_colour=(9, 9, 9))
    assert np.array_equal(varied(Augmentation(), images, wanted), [input_pixels(x, wanted) for x in images.frames])


@pytest.mark.parametrize("wanted", [ImageInput((8, 20), (8, 20), "stretch", "bgr"), ImageInput((9, 5), (9, 5))])
def test_pictures_become_what_the_network_takes(wanted: ImageInput) -> None:
    vary = Augmentation((0.5, 1.0), True, 0.3, random_erasing=1.0)
    assert varied(vary, pictures(), wanted).shape == (16, *wanted.shape)


@pytest.mark.parametrize(("kind", "crop_from", "beside"), [("digits", None, False), ("digits", "photo", True)])
def test_digits_are_cut_out_of_the_centre_unless_the_config_says_otherwise(
    kind: str, crop_from: str | None, beside: bool
) -> None:
    values = {"name": "x", "model": {"backbone": "none"}, "data": {"kind": kind}, "train": {"crop_from": crop_from}}
    vary = Augmentation.of(Config.model_validate(values))
    boxes = [vary.box(50, 150, square(96), np.random.default_rng(seed)) for seed in range(20)]
    assert any(box.left < 50 or box.left + box.width > 100 for box in boxes) == beside


def test_about_as_many_pictures_as_asked_for_lose_one_rectangle() -> None:
    black = HeldFrames(np.zeros(300, np.int64), tuple(np.zeros((300, 16, 16, 3), np.uint8)))
    erased = (varied(Augmentation(random_erasing=0.25), black, 16) > 0).any(axis=3)
    assert 50 < erased.any(axis=(1, 2)).sum() < 100
    for picture in erased[erased.any(axis=(1, 2))]:
        rows, columns = np.flatnonzero(picture.any(axis=1)), np.flatnonzero(picture.any(axis=0))
        assert picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()
    assert not np.any(black.frames)  # the pictures themselves stay


@given(st.integers(4, 40), st.integers(4, 40), st.integers(0, 2**32 - 1))
def test_what_is_erased_is_a_fiftieth_to_a_third_of_the_picture(height: int, width: int, seed: int) -> None:
    erased = with_noise_in_a_part(np.zeros((height, width, 3), np.uint8), np.random.default_rng(seed))
    assert 0 < (erased > 0).any(axis=2).mean() < 0.5  # a third, and what rounding to pixels adds
