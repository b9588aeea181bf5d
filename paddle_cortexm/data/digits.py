"""The embedded data set: scikit-learn's real handwritten digits, composed into colour images.

Each of the 1797 original 8 x 8 scans belongs to one split. Image i of a split is original i mod (number of originals),
drawn in a random light colour, place, size and slight slant on a random dark colour, with light noise. All of it
follows from the seed, the split and i.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from paddle_cortexm.config import Config
from paddle_cortexm.data.crops import ChooseBox
from paddle_cortexm.data.datasets import Dataset, HeldFrames, Indices, Splits, crop_of, split_by_class
from paddle_cortexm.data.preprocessing import Image
from paddle_cortexm.settings.image_input import ImageInput

SPLIT_SHARES = (0.76, 0.16, 0.08)  # of the originals: train, validation, calibration
TRAIN_IMAGES, VALIDATION_IMAGES = 6000, 1000
SIDES = (64, 112)  # smallest and largest side of an image, pixels
DIGIT_SHARE = (0.85, 1.0)  # height of the digit in the shorter side
ANGLE, SLANT = 0.06, 0.06  # largest rotation (radians) and shear
INK, PAPER = (140, 255), (0, 100)  # range of each colour channel, in grey levels
NOISE = 10  # largest deviation, in grey levels
MOST_HELD = 10_000  # images that are kept in memory: about 240 MB
BORDER = 2  # blank pixels around the 8 x 8 scan, so that ink fades out at its edge


@dataclass(frozen=True)
class ComposedDigits:
    """scans: (originals, 8, 8) of 0 ... 1; labels: (originals,); `split` keeps the splits' random numbers apart."""

    scans: NDArray[np.float32]
    labels: Indices
    images: int
    seed: int
    split: int

    @property
    def targets(self) -> Indices:
        return self.labels[np.arange(self.images) % len(self.labels)]

    def name(self, index: int) -> str:
        return f"digit image {index}"

    def read(self, index: int) -> Image:
        random = np.random.default_rng([self.seed, self.split, index])
        height, width = (int(side) for side in random.integers(SIDES[0], SIDES[1], 2, endpoint=True))
        ink_share = _place(self.scans[index % len(self.scans)], height, width, random)[:, :, None]
        ink, paper = _colours(random)
        noise = random.integers(-NOISE, NOISE, (height, width, 3), np.int16, endpoint=True)
        picture = paper + (ink - paper) * ink_share + noise
        return np.clip(np.rint(picture), 0, 255).astype(np.uint8)

    def read_crop(self, index: int, choose: ChooseBox, wanted: ImageInput) -> Image:
        return crop_of(self.read(index), choose, wanted)


def held_digits(dataset: Dataset) -> Dataset:
    """The data set with its images drawn once and for all, where it is one of digits and not too large: drawing them
    takes longer than training on them. Others as they are."""
    if not isinstance(dataset, ComposedDigits) or dataset.images > MOST_HELD:
        return dataset
    return HeldFrames(dataset.targets, tuple(dataset.read(index) for index in range(dataset.images)))


def open_digits(config: Config) -> Splits:
    """Train, validation and calibration splits over disjoint originals, with the counts of the config."""
    data, seed = config.data, config.train.seed
    scans, labels = _originals()
    counts = (data.train_images or TRAIN_IMAGES, data.validation_images or VALIDATION_IMAGES, data.calibration_images)
    parts = split_by_class(labels, SPLIT_SHARES, seed)
    orders = [np.random.default_rng([seed, split]).permutation(part) for split, part in enumerate(parts)]
    train, validation, calibration = (
        ComposedDigits(scans[order], labels[order], count, seed, split)
        for split, (order, count) in enumerate(zip(orders, counts, strict=True))
    )
    return Splits(tuple(str(digit) for digit in range(10)), train, validation, calibration)


def _originals() -> tuple[NDArray[np.float32], Indices]:
    from sklearn.datasets import load_digits

    digits = load_digits()
    return (digits.images / 16.0).astype(np.float32), digits.target.astype(np.int64)


def _place(scan: NDArray[np.float32], height: int, width: int, random: np.random.Generator) -> NDArray[np.float32]:
    """The scan drawn into (height, width) of 0 ... 1: enlarged, turned, slanted, inside the central square."""
    side = min(height, width)
    size = random.uniform(*DIGIT_SHARE) * side
    angle, slant = random.uniform(-ANGLE, ANGLE), random.uniform(-SLANT, SLANT)
    room = (side - size) / 2
    centre_x, centre_y = width / 2 + random.uniform(-room, room), height / 2 + random.uniform(-room, room)
    step = 8 / size  # scan pixels an image pixel
    a, b = step * np.cos(angle), step * (np.sin(angle) + slant)
    c, d = -step * np.sin(angle), step * np.cos(angle)
    middle = 4 + BORDER
    matrix = (a, b, middle - a * centre_x - b * centre_y, c, d, middle - c * centre_x - d * centre_y)
    padded = Pillow.fromarray(np.pad(scan, BORDER))
    drawn = padded.transform((width, height), Pillow.Transform.AFFINE, matrix, Pillow.Resampling.BICUBIC)
    return np.clip(np.asarray(drawn), 0, 1)


def _colours(random: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A light and a dark colour, (3,) each of 0 ... 255."""
    return random.uniform(*INK, 3), random.uniform(*PAPER, 3)
