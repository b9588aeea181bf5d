"""What a camera makes of a page: turned, tilted, in perspective, unevenly lit, blurred, noisy."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.data.preprocessing import Image

MOST_TILT = 6.0  # degrees
MOST_SHIFT = 0.06  # of a corner, in sides of the page: perspective
DARKEST = 0.4  # of the light, where the page lies in shadow


def photographed(page: Image, quarter_turns: int, random: np.random.Generator) -> Image:
    """The page as a photo, RGB. quarter_turns: clockwise, by which the page lies wrong.

    Done before noise and blur, so that these do not tell how the page lies.
    """
    turned = np.ascontiguousarray(np.rot90(page, -quarter_turns))
    photo = _lit(_tilted(turned, random), random)
    return _noisy(_blurred(photo, random), random)


def _tilted(page: Image, random: np.random.Generator) -> NDArray[np.float32]:
    """Turned by a few degrees and seen from one side, on a table of one colour."""
    height, width = page.shape[:2]
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    angle = np.radians(random.uniform(-MOST_TILT, MOST_TILT))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    centre = corners.mean(axis=0)
    moved = (corners - centre) * random.uniform(0.9, 1.25) @ turn.T + centre
    moved += random.uniform(-MOST_SHIFT, MOST_SHIFT, (4, 2)) * (width, height)
    table = [int(level) for level in random.integers(20, 220, 3)]
    transform = cv2.getPerspectiveTransform(corners, moved.astype(np.float32))
    seen = cv2.warpPerspective(page, transform, (width, height), borderValue=table)
    return seen.astype(np.float32)


def _lit(photo: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.float32]:
    """Uneven light: a few random levels, smoothly joined, of a colour that is not quite white."""
    height, width = photo.shape[:2]
    levels = random.uniform(random.uniform(DARKEST, 1), 1.05, (3, 3)).astype(np.float32)
    light = cv2.resize(levels, (width, height), interpolation=cv2.INTER_CUBIC)
    return photo * light[:, :, None] * random.uniform(0.85, 1, 3).astype(np.float32)


def _blurred(photo: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.float32]:
    """Out of focus, or moved along a line."""
    focus = cv2.GaussianBlur(photo, (0, 0), random.uniform(0.3, 2.3)).astype(np.float32)
    if random.random() < 0.7:
        return focus
    length = int(random.integers(3, 10))
    kernel = np.zeros((length, length), np.float32)
    ends = random.integers(0, length, 2)
    cv2.line(kernel, (0, int(ends[0])), (length - 1, int(ends[1])), 1.0)
    return cv2.filter2D(focus, -1, kernel / kernel.sum()).astype(np.float32)


def _noisy(photo: NDArray[np.float32], random: np.random.Generator) -> Image:
    noise = random.normal(0, random.uniform(0, 12), photo.shape)
    return np.clip(photo + noise, 0, 255).astype(np.uint8)
