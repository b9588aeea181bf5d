"""What a camera makes of a page: turned, tilted, in perspective, unevenly lit, blurred, noisy."""

from __future__ import annotations

import cv2
import numpy as np

from paddle_cortexm.data.preprocessing import Image
from paddle_cortexm.data.text.exposure import Picture, exposed

MOST_TILT = 6.0  # degrees
MOST_SHIFT = 0.06  # of a corner, in sides of the page: perspective


def photographed(page: Image, quarter_turns: int, random: np.random.Generator) -> Image:
    """The page as a photo, RGB. quarter_turns: clockwise, by which the page lies wrong.

    Done before noise and blur, so that these do not tell how the page lies.
    """
    turned = np.ascontiguousarray(np.rot90(page, -quarter_turns))
    return exposed(_tilted(turned, random), random)


def _tilted(page: Image, random: np.random.Generator) -> Picture:
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
