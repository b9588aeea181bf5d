"""Images that are files on disk: reading them, and a data set of paths with class numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image as Pillow
from PIL import ImageOps

from paddle_cortexm.data.datasets import Indices, UnreadableImage
from paddle_cortexm.data.preprocessing import MAXIMUM_SIDE, Image


@dataclass(frozen=True)
class ImageFiles:
    """paths and targets: one of each an image."""

    paths: tuple[Path, ...]
    targets: Indices

    def name(self, index: int) -> str:
        return str(self.paths[index])

    def read(self, index: int) -> Image:
        return read_frame(self.paths[index])

    def subset(self, indices: Indices) -> ImageFiles:
        return ImageFiles(tuple(self.paths[i] for i in indices), self.targets[indices])


def image_files(labelled: Sequence[tuple[Path, int]]) -> ImageFiles:
    """A data set of (path, class number) pairs."""
    return ImageFiles(tuple(path for path, _ in labelled), np.array([target for _, target in labelled], np.int64))


def read_frame(path: Path) -> Image:
    """An image file as RGB, (height, width, 3) uint8, upright. What is larger than 1024 pixels, more than the device
    takes, is first reduced to fit. Raises UnreadableImage, which names the file."""
    try:
        with Pillow.open(path) as file:
            picture = ImageOps.exif_transpose(file).convert("RGB")
            picture.thumbnail((MAXIMUM_SIDE, MAXIMUM_SIDE), Pillow.Resampling.BILINEAR)
            return np.asarray(picture)
    except (OSError, SyntaxError, ValueError, Pillow.DecompressionBombError) as error:
        raise UnreadableImage(f"{path}: {error}") from None
