"""Rectangles of a picture, cut out and stretched to a square."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from paddle_cortexm.data.preprocessing import Image


@dataclass(frozen=True)
class Box:
    """A rectangle of a picture, in pixels from its upper left corner; at least one pixel wide and high."""

    left: int
    top: int
    width: int
    height: int

    def reduced(self, before: tuple[int, int], after: tuple[int, int]) -> Box:
        """The same rectangle of a picture that was reduced from (height, width) `before` to `after`."""
        top, height = _reduced(self.top, self.height, before[0], after[0])
        left, width = _reduced(self.left, self.width, before[1], after[1])
        return Box(left, top, width, height)


ChooseBox = Callable[[int, int], Box]  # from a picture's height and width


def centre_square(height: int, width: int) -> Box:
    """The largest square in the middle of a picture."""
    side = min(height, width)
    return Box((width - side) // 2, (height - side) // 2, side, side)


def cut(picture: Image, box: Box, size: int) -> Image:
    """The box of a picture (height, width, 3), stretched to (size, size, 3): bilinear, as the device does it."""
    import cv2  # not above: stage 5 reads photos, and runs where it is not installed

    part = picture[box.top : box.top + box.height, box.left : box.left + box.width]
    return np.asarray(cv2.resize(part, (size, size), interpolation=cv2.INTER_LINEAR), np.uint8)


def _reduced(start: int, length: int, before: int, after: int) -> tuple[int, int]:
    first = min(round(start * after / before), after - 1)
    return first, min(max(1, round(length * after / before)), after - first)
