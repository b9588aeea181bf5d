"""Images for networks that nobody trained: smooth and random."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

IMAGES = 16
ENLARGED = 4  # times: neighbouring pixels are alike, as in photos


def photos(size: int) -> NDArray[np.uint8]:
    """(images, size, size, 3)."""
    coarse = np.random.default_rng(0).integers(0, 256, (IMAGES, -(-size // ENLARGED), -(-size // ENLARGED), 3))
    return np.stack([cv2.resize(image, (size, size)) for image in coarse.astype(np.uint8)])  # type: ignore[misc]


def write_photos(folder: Path, size: int) -> Path:
    """The same as PNG files, unless they are there; returns their folder."""
    made = folder / str(size)
    made.mkdir(parents=True, exist_ok=True)
    for number, image in enumerate(photos(size)):
        path = made / f"{number:02d}.png"
        if not path.is_file():
            cv2.imwrite(str(path), image)
    return made
