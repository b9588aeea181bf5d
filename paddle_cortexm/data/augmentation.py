"""Random variation of a training image: a crop, a mirror image where that is right, colour, a part erased."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from paddle_cortexm.config import Config
from paddle_cortexm.data.crops import Box, centre_square
from paddle_cortexm.data.datasets import Dataset
from paddle_cortexm.data.preprocessing import Image

ASPECT = (3 / 4, 4 / 3)  # width : height of a random crop, before it is stretched to a square
ERASED_SHARE = (0.02, 1 / 3)  # of an image's area
ERASED_ASPECT = (0.3, 1 / 0.3)  # width : height of what is erased


@dataclass(frozen=True)
class Augmentation:
    """crop_scale: share of the area a crop keeps, of the whole photo or of its central square; flip: mirror half of the
    images; colour_jitter: largest relative change of brightness, contrast and saturation; random_erasing: share of the
    images of which a part is erased."""

    crop_scale: tuple[float, float] = (1.0, 1.0)
    flip: bool = False
    colour_jitter: float = 0.0
    whole_photo: bool = True
    random_erasing: float = 0.0

    @staticmethod
    def of(config: Config) -> Augmentation:
        train = config.train
        whole = config.crops_whole_photos
        return Augmentation(train.crop_scale, train.flip, train.colour_jitter, whole, train.random_erasing)

    def read(self, dataset: Dataset, index: int, size: int, random: np.random.Generator) -> Image:
        """Image `index` of the data set, varied: (size, size, 3) uint8. Everything random comes from `random`. Raises
        UnreadableImage."""
        image = dataset.read_crop(index, lambda height, width: self.box(height, width, random), size)
        if self.flip and random.random() < 0.5:
            image = image[:, ::-1]
        if self.colour_jitter:
            image = jitter_colours(image, self.colour_jitter, random)
        if self.random_erasing and random.random() < self.random_erasing:
            image = with_noise_in_a_part(image, random)
        return image

    def box(self, height: int, width: int, random: np.random.Generator) -> Box:
        """A random crop of a picture of this size."""
        if self.whole_photo:
            return random_box(height, width, self.crop_scale, random)
        square = centre_square(height, width)
        inside = random_box(square.height, square.width, self.crop_scale, random)
        return Box(square.left + inside.left, square.top + inside.top, inside.width, inside.height)


def random_box(height: int, width: int, scale: tuple[float, float], random: np.random.Generator) -> Box:
    """A rectangle of random area, shape and place. What is longer than the widest crop counts as that long, so that a
    crop never has to be wider (or higher) than 4 : 3."""
    longest = min(height, width) * ASPECT[1]
    area = random.uniform(*scale) * min(height, longest) * min(width, longest)
    aspect = math.exp(random.uniform(math.log(ASPECT[0]), math.log(ASPECT[1])))
    aspect = min(max(aspect, area / height**2), width**2 / area)  # no wider and no higher than the picture
    crop_width = min(max(1, round(math.sqrt(area * aspect))), width)
    crop_height = min(max(1, round(math.sqrt(area / aspect))), height)
    left = int(random.random() * (width - crop_width + 1))
    top = int(random.random() * (height - crop_height + 1))
    return Box(left, top, crop_width, crop_height)


def jitter_colours(image: Image, strength: float, random: np.random.Generator) -> Image:
    """Scale brightness, contrast and saturation of an image by 1 - strength ... 1 + strength.

    All three are linear, so they are one 3 x 3 matrix and an offset on the colours.
    """
    brightness, contrast, saturation = random.uniform(1 - strength, 1 + strength, 3)
    grey = np.tile(np.array([0.299, 0.587, 0.114])[:, None], (1, 3))
    matrix = brightness * contrast * (saturation * np.eye(3) + (1 - saturation) * grey)
    offset = brightness * (1 - contrast) * (image.mean(axis=(0, 1), dtype=np.float64) @ grey)
    changed = image.astype(np.float32) @ matrix.astype(np.float32) + offset.astype(np.float32)
    return np.clip(np.rint(changed), 0, 255).astype(np.uint8)


def with_noise_in_a_part(image: Image, random: np.random.Generator) -> Image:
    """A copy of the image with noise in a rectangle of random area, shape and place: random erasing with random pixels,
    the best of https://arxiv.org/abs/1708.04896."""
    height, width, channels = image.shape
    area = random.uniform(*ERASED_SHARE) * height * width
    aspect = np.exp(random.uniform(*np.log(ERASED_ASPECT)))
    w, h = min(width, round(np.sqrt(area * aspect))), min(height, round(np.sqrt(area / aspect)))
    left, top = random.integers(width - w + 1), random.integers(height - h + 1)
    erased = image.copy()
    erased[top : top + h, left : left + w] = random.integers(256, size=(h, w, channels))
    return erased
