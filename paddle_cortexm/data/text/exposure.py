"""What light and a camera make of something drawn: unevenly lit, blurred, noisy."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]  # (height, width, 3), grey levels

DARKEST = 0.4  # of the light, where a page lies in shadow


def exposed(drawn: Picture, random: np.random.Generator) -> NDArray[np.uint8]:
    """The photo of it, RGB."""
    return _noisy(_blurred(_lit(drawn, random), random), random)


def _lit(drawn: Picture, random: np.random.Generator) -> Picture:
    """Uneven light: a few random levels, smoothly joined, of a colour that is not quite white."""
    height, width = drawn.shape[:2]
    levels = random.uniform(random.uniform(DARKEST, 1), 1.05, (3, 3)).astype(np.float32)
    light = cv2.resize(levels, (width, height), interpolation=cv2.INTER_CUBIC)
    return drawn * light[:, :, None] * random.uniform(0.85, 1, 3).astype(np.float32)


def _blurred(photo: Picture, random: np.random.Generator) -> Picture:
    """Out of focus, or moved along a line."""
    focus = cv2.GaussianBlur(photo, (0, 0), random.uniform(0.3, 2.3)).astype(np.float32)
    if random.random() < 0.7:
        return focus
    length = int(random.integers(3, 10))
    kernel = np.zeros((length, length), np.float32)
    ends = random.integers(0, length, 2)
    cv2.line(kernel, (0, int(ends[0])), (length - 1, int(ends[1])), 1.0)
    return cv2.filter2D(focus, -1, kernel / kernel.sum()).astype(np.float32)


def _noisy(photo: Picture, random: np.random.Generator) -> NDArray[np.uint8]:
    noise = random.normal(0, random.uniform(0, 12), photo.shape)
    return np.clip(photo + noise, 0, 255).astype(np.uint8)
