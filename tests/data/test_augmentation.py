"""Augmentation varies pictures as the config says, and only so."""

import numpy as np

from paddle_cortexm.data.augmentation import Augmentation


def pictures(count: int = 16, size: int = 12) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (count, size, size, 3), dtype=np.uint8)


def test_nothing_to_vary_leaves_the_pictures_alone() -> None:
    images = pictures()
    assert np.array_equal(Augmentation()(images, 12, np.random.default_rng(0)), images)


def test_the_same_random_numbers_give_the_same_pictures() -> None:
    vary = Augmentation((0.5, 1.0), True, 0.3)
    first, second = (vary(pictures(), 8, np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(first, second)


def test_about_half_of_the_pictures_are_mirrored() -> None:
    images = pictures(200, 4)
    flipped = Augmentation(flip=True)(images, 4, np.random.default_rng(0))
    mirrored = (flipped == images[:, :, ::-1]).all(axis=(1, 2, 3))
    untouched = (flipped == images).all(axis=(1, 2, 3))
    assert (mirrored | untouched).all()
    assert 70 < mirrored.sum() < 130


def test_crops_have_the_size_asked_for() -> None:
    assert Augmentation((0.3, 0.9))(pictures(4, 20), 7, np.random.default_rng(0)).shape == (4, 7, 7, 3)
