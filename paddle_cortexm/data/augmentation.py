"""Random variation of training images: a crop, a mirror image where that is right, colour."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.config import Train

ASPECT = (3 / 4, 4 / 3)  # width : height of a random crop, before it is stretched to a square


@dataclass(frozen=True)
class Augmentation:
    """crop_scale: share of the area a crop keeps; flip: mirror half of the images; colour_jitter: largest relative
    change of brightness, contrast and saturation."""

    crop_scale: tuple[float, float] = (1.0, 1.0)
    flip: bool = False
    colour_jitter: float = 0.0

    @staticmethod
    def of(train: Train) -> Augmentation:
        return Augmentation(train.crop_scale, train.flip, train.colour_jitter)

    def __call__(self, images: NDArray[np.uint8], size: int, random: np.random.Generator) -> NDArray[np.uint8]:
        """(N, H, W, 3) uint8 to (N, size, size, 3) uint8. Everything random comes from `random`."""
        cropped = random_crops(images, size, self.crop_scale, random)
        if self.flip:
            mirrored = random.random(len(cropped)) < 0.5
            cropped[mirrored] = cropped[mirrored, :, ::-1]
        return jitter_colours(cropped, self.colour_jitter, random) if self.colour_jitter else cropped


def random_crops(
    images: NDArray[np.uint8], size: int, scale: tuple[float, float], random: np.random.Generator
) -> NDArray[np.uint8]:
    """Crop a rectangle of random area, shape and place from each image and stretch it to size x size."""
    count, height, width, _ = images.shape
    result = np.empty((count, size, size, 3), np.uint8)
    areas = random.uniform(*scale, count) * height * width
    aspects = np.exp(random.uniform(np.log(ASPECT[0]), np.log(ASPECT[1]), count))
    aspects = np.clip(aspects, areas / height**2, width**2 / areas)  # no wider and no higher than the image
    widths = np.clip(np.rint(np.sqrt(areas * aspects)), 1, width).astype(int)
    heights = np.clip(np.rint(np.sqrt(areas / aspects)), 1, height).astype(int)
    lefts = (random.random(count) * (width - widths + 1)).astype(int)
    tops = (random.random(count) * (height - heights + 1)).astype(int)
    for i, (left, top, w, h) in enumerate(zip(lefts, tops, widths, heights, strict=True)):
        method = cv2.INTER_AREA if min(w, h) > size else cv2.INTER_LINEAR
        cv2.resize(images[i, top : top + h, left : left + w], (size, size), dst=result[i], interpolation=method)
    return result


def jitter_colours(images: NDArray[np.uint8], strength: float, random: np.random.Generator) -> NDArray[np.uint8]:
    """Scale brightness, contrast and saturation of each image by 1 - strength ... 1 + strength.

    All three are linear, so an image is one 3 x 3 matrix and an offset on its colours.
    """
    brightness, contrast, saturation = random.uniform(1 - strength, 1 + strength, (3, len(images), 1, 1))
    grey = np.tile(np.array([0.299, 0.587, 0.114])[:, None], (1, 3))
    matrices = brightness * contrast * (saturation * np.eye(3) + (1 - saturation) * grey)
    means = images.mean(axis=(1, 2), dtype=np.float64)[:, None, :]
    offsets = (brightness * (1 - contrast)) * (means @ grey)
    flat = images.reshape(len(images), -1, 3).astype(np.float32)
    changed = flat @ matrices.astype(np.float32) + offsets.astype(np.float32)
    return np.clip(np.rint(changed), 0, 255).astype(np.uint8).reshape(images.shape)
