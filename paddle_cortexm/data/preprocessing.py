"""From a camera frame to the network's input, in integers: the exact twin of app/runtime/preprocess.c.

The frame is resized as ImageInput says (bilinear, half-pixel centres), its centre is cut out or padded, its channels
are ordered or become grey, and a table of 256 values a channel normalises (and, for int8 models, quantises). Training,
calibration, the host reference and the target all see the same pixels because nothing here depends on floating-point
rounding of an image library.

Positions and weights are fixed-point numbers with 11 bits of fraction, so the four weights of a pixel sum to 2**22 and
the result is rounded once: (sum + 2**21) >> 22. Grey is (9798 red + 19235 green + 3735 blue + 2**14) >> 15, OpenCV's.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.errors import UserError
from paddle_cortexm.settings.image_input import Colour, ImageInput
from paddle_cortexm.target import MAXIMUM_SIDE

FRACTION_BITS = 11  # also in preprocess.h; preprocessing_table.c asserts that they are the same
ONE = 1 << FRACTION_BITS
LUMA, LUMA_BITS = (9798, 19235, 3735), 15  # of red, green, blue: they sum to 1 << LUMA_BITS

Image = NDArray[np.uint8]
Table = NDArray[np.generic]  # (channels, 256): what a pixel value of each channel becomes


def input_pixels(frame: Image, wanted: ImageInput) -> Image:
    """A frame (height, width, 3), RGB, as the network's pixels: wanted.shape, uint8, not yet normalised.

    Raises UserError for a frame of another shape or type, or with a side above MAXIMUM_SIDE.
    """
    check_frame(frame)
    height, width, _ = frame.shape
    resized = _resized(frame, fitted(height, width, wanted), wanted.size)
    return in_colour(padded(resized, wanted), wanted.colour)


def fitted(height: int, width: int, wanted: ImageInput) -> tuple[int, int]:
    """(height, width) that a frame so large is resized to, before it is cut out or padded."""
    box_height, box_width = wanted.box
    if wanted.fit == "stretch":
        return wanted.box
    is_wide = width * box_height > height * box_width  # wider than the box
    if is_wide == (wanted.fit == "crop"):  # both then have the same height
        return box_height, _scaled(width, box_height, height)
    return _scaled(height, box_width, width), box_width


def padded(image: Image, wanted: ImageInput) -> Image:
    """The image (height, width, 3) in its place in the input's size, the pad colour around it."""
    height, width = image.shape[:2]
    if (height, width) == wanted.size:
        return image
    top, left = ((a - b) // 2 if wanted.pad_place == "centre" else 0 for a, b in zip(wanted.size, (height, width)))
    whole = np.full((*wanted.size, 3), wanted.pad_colour, np.uint8)
    whole[top : top + height, left : left + width] = image
    return whole


def in_colour(image: Image, colour: Colour) -> Image:
    """RGB (height, width, 3) as the network's channels: (height, width, 3 or 1)."""
    if colour == "rgb":
        return image
    if colour == "bgr":
        return image[..., ::-1]
    total: NDArray[np.int32] = image.astype(np.int32) @ np.array(LUMA, np.int32) + (1 << (LUMA_BITS - 1))
    return (total >> LUMA_BITS).astype(np.uint8)[..., None]


def check_frame(image: NDArray[np.generic]) -> None:
    """Raise UserError unless image is (height, width, 3) uint8 with sides of 1 to MAXIMUM_SIDE pixels."""
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise UserError(f"a frame is height x width x 3 of uint8 (RGB888), not {image.shape} of {image.dtype}")
    height, width = image.shape[:2]
    if not (1 <= height <= MAXIMUM_SIDE and 1 <= width <= MAXIMUM_SIDE):
        raise UserError(f"the frame is {width} x {height} pixels; at most {MAXIMUM_SIDE} x {MAXIMUM_SIDE} are allowed")


def _scaled(side: int, to: int, of: int) -> int:
    """side x to / of, rounded to nearest; at least one pixel."""
    return max(1, (2 * side * to + of) // (2 * of))


def _resized(frame: Image, resized: tuple[int, int], size: tuple[int, int]) -> Image:
    """The frame as large as `resized`; of what is larger than `size`, the centre."""
    top, bottom, fy = _positions(frame.shape[0], resized[0], size[0])
    left, right, fx = _positions(frame.shape[1], resized[1], size[1])
    pixels = frame.astype(np.int32)
    fx, fy = fx[None, :, None], fy[:, None, None]
    above: NDArray[np.int32] = pixels[top][:, left] * (ONE - fx) + pixels[top][:, right] * fx
    below: NDArray[np.int32] = pixels[bottom][:, left] * (ONE - fx) + pixels[bottom][:, right] * fx
    total: NDArray[np.int32] = above * (ONE - fy) + below * fy + (1 << (2 * FRACTION_BITS - 1))
    return (total >> (2 * FRACTION_BITS)).astype(np.uint8)


def _positions(source: int, resized: int, size: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int32]]:
    """For the central `size` of `resized` pixels, or all where there are fewer, along one side of `source` pixels: the
    pixel before the sampling point, the one after it, and the weight of the latter (0 ... ONE - 1)."""
    pixel = np.arange(min(resized, size), dtype=np.int64) + max(0, resized - size) // 2
    position = ((2 * pixel + 1) * source * (ONE // 2)) // resized - ONE // 2  # (pixel + 1/2) * source / resized - 1/2
    position = np.clip(position, 0, (source - 1) * ONE)
    before = position >> FRACTION_BITS
    return before, np.minimum(before + 1, source - 1), (position & (ONE - 1)).astype(np.int32)


def normalisation_table(mean: Sequence[float], std: Sequence[float]) -> NDArray[np.float32]:
    """(v / 255 - mean) / std for every channel and pixel value: (channels, 256)."""
    values = np.arange(256, dtype=np.float64) / 255.0
    return ((values[None, :] - np.asarray(mean)[:, None]) / np.asarray(std)[:, None]).astype(np.float32)


def input_range(mean: Sequence[float], std: Sequence[float]) -> tuple[float, float]:
    """The smallest and the largest value a normalised pixel can have."""
    table = normalisation_table(mean, std)
    return float(table.min()), float(table.max())


def apply_table(image: Image, table: Table) -> NDArray[np.generic]:
    """(height, width, channels) uint8 through a (channels, 256) table: the model's input, in the table's type."""
    return table[np.arange(len(table)), image]
