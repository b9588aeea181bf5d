"""Rectangles of a picture, cut out and resized to what a network takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from paddle_cortexm.data.preprocessing import Image, fitted
from paddle_cortexm.settings.image_input import ImageInput


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


def centre(height: int, width: int, aspect: float) -> Box:
    """The largest rectangle of this width : height in the middle of a picture."""
    inner_width, inner_height = min(width, max(1, round(height * aspect))), min(height, max(1, round(width / aspect)))
    return Box((width - inner_width) // 2, (height - inner_height) // 2, inner_width, inner_height)


def seen_aspect(height: int, width: int, wanted: ImageInput) -> float:
    """Width : height of what the network sees of a picture so large: a part of its own shape, or all of it."""
    if wanted.fit == "crop":
        height, width = wanted.size
    return width / height


def cut_size(box: Box, wanted: ImageInput) -> tuple[int, int]:
    """(height, width) that a box is resized to: the network's, or (fit: pad) as much of it as keeps the box's shape."""
    return fitted(box.height, box.width, wanted) if wanted.fit == "pad" else wanted.size


def cut(picture: Image, box: Box, wanted: ImageInput) -> Image:
    """The box of a picture (height, width, 3), RGB, resized to cut_size: bilinear, as the device does it."""
    import cv2  # not above: stage 5 reads photos, and runs where it is not installed

    part = picture[box.top : box.top + box.height, box.left : box.left + box.width]
    height, width = cut_size(box, wanted)
    return np.asarray(cv2.resize(part, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def _reduced(start: int, length: int, before: int, after: int) -> tuple[int, int]:
    first = min(round(start * after / before), after - 1)
    return first, min(max(1, round(length * after / before)), after - first)
