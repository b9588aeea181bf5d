"""Random variation of a training image: a crop, a mirror image where that is right, colour, a part erased."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from paddle_cortexm.config import Config
from paddle_cortexm.data.crops import Box, centre, seen_aspect
from paddle_cortexm.data.datasets import Dataset
from paddle_cortexm.data.preprocessing import Image, in_colour, padded
from paddle_cortexm.settings.image_input import ImageInput

ASPECT = (3 / 4, 4 / 3)  # width : height of a random crop, as a multiple of what the network sees of a picture
ERASED_SHARE = (0.02, 1 / 3)  # of an image's area
ERASED_ASPECT = (0.3, 1 / 0.3)  # width : height of what is erased


@dataclass(frozen=True)
class Augmentation:
    """crop_scale: share of the area a crop keeps, of the whole photo or of its centre, which is what the network sees
    later; flip: mirror half of the images; colour_jitter: largest relative change of brightness, contrast and
    saturation; random_erasing: share of the images of which a part is erased."""

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

    def read(self, dataset: Dataset, index: int, wanted: ImageInput, random: np.random.Generator) -> Image:
        """Image `index` of the data set, varied: wanted.shape, uint8. Everything random comes from `random`. Raises
        UnreadableImage."""
        image = dataset.read_crop(index, lambda height, width: self.box(height, width, wanted, random), wanted)
        if self.flip and random.random() < 0.5:
            image = image[:, ::-1]
        if self.colour_jitter:
            image = jitter_colours(image, self.colour_jitter, random)
        if self.random_erasing and random.random() < self.random_erasing:
            image = with_noise_in_a_part(image, random)
        return in_colour(padded(image, wanted), wanted.colour)

    def box(self, height: int, width: int, wanted: ImageInput, random: np.random.Generator) -> Box:
        """A random crop of a picture of this size."""
        aspect = seen_aspect(height, width, wanted)
        if self.whole_photo:
            return random_box(height, width, aspect, self.crop_scale, random)
        seen = centre(height, width, aspect)
        inside = random_box(seen.height, seen.width, aspect, self.crop_scale, random)
        return Box(seen.left + inside.left, seen.top + inside.top, inside.width, inside.height)


def random_box(height: int, width: int, middle: float, scale: tuple[float, float], random: np.random.Generator) -> Box:
    """A rectangle of random area, shape and place. middle: width : height of one that is not stretched; the others are
    up to a third wider or higher. What is longer than the widest (or highest) crop counts as that long."""
    narrowest, widest = middle * ASPECT[0], middle * ASPECT[1]
    area = random.uniform(*scale) * min(height, width * ASPECT[1] / middle) * min(width, height * widest)
    aspect = math.exp(random.uniform(math.log(narrowest), math.log(widest)))
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
