"""From a camera frame to the model's input, in integers: the exact twin of app/runtime/preprocess.c.

The short side is resized to `resize` (bilinear, half-pixel centres), the centre `size` x `size` is kept, and a 3 x 256
table normalises (and, for int8 models, quantises). Training, calibration, the host reference and the target all see
the same pixels because nothing here depends on floating-point rounding of an image library.

Positions and weights are fixed-point numbers with 11 bits of fraction, so the four weights of a pixel sum to 2**22 and
the result is rounded once: (sum + 2**21) >> 22.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.errors import UserError
from paddle_cortexm.target import MAXIMUM_SIDE

FRACTION_BITS = 11  # also in preprocess.h; preprocessing_table.c asserts that they are the same
ONE = 1 << FRACTION_BITS

Image = NDArray[np.uint8]
Table = NDArray[np.generic]  # (3, 256): what a pixel value of each channel becomes


def resize_short_side_and_crop(image: Image, resize: int, size: int) -> Image:
    """Resize the short side to `resize` pixels and keep the centre.

    image: (height, width, 3) uint8, both sides at most MAXIMUM_SIDE; returns (size, size, 3) uint8. Raises UserError
    for another shape or type and for resize < size.
    """
    check_frame(image)
    if not 1 <= size <= resize:
        raise UserError(f"resize {resize} must be at least the image size {size}, so that the crop fits")
    height, width = image.shape[:2]
    top, bottom, fy = _positions(height, min(height, width), resize, size)
    left, right, fx = _positions(width, min(height, width), resize, size)
    pixels = image.astype(np.int32)
    fx, fy = fx[None, :, None], fy[:, None, None]
    above: NDArray[np.int32] = pixels[top][:, left] * (ONE - fx) + pixels[top][:, right] * fx
    below: NDArray[np.int32] = pixels[bottom][:, left] * (ONE - fx) + pixels[bottom][:, right] * fx
    total: NDArray[np.int32] = above * (ONE - fy) + below * fy + (1 << (2 * FRACTION_BITS - 1))
    return (total >> (2 * FRACTION_BITS)).astype(np.uint8)


def check_frame(image: NDArray[np.generic]) -> None:
    """Raise UserError unless image is (height, width, 3) uint8 with sides of 1 to MAXIMUM_SIDE pixels."""
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise UserError(f"a frame is height x width x 3 of uint8 (RGB888), not {image.shape} of {image.dtype}")
    height, width = image.shape[:2]
    if not (1 <= height <= MAXIMUM_SIDE and 1 <= width <= MAXIMUM_SIDE):
        raise UserError(f"the frame is {width} x {height} pixels; at most {MAXIMUM_SIDE} x {MAXIMUM_SIDE} are allowed")


def _positions(
    source: int, short_side: int, resize: int, size: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int32]]:
    """For the `size` cropped pixels along one side of `source` pixels: the pixel before the sampling point, the one
    after it, and the weight of the latter (0 ... ONE - 1)."""
    resized = (2 * source * resize + short_side) // (2 * short_side)  # rounded to nearest
    pixel = np.arange(size, dtype=np.int64) + (resized - size) // 2
    position = ((2 * pixel + 1) * source * (ONE // 2)) // resized - ONE // 2  # (pixel + 1/2) * source / resized - 1/2
    position = np.clip(position, 0, (source - 1) * ONE)
    before = position >> FRACTION_BITS
    return before, np.minimum(before + 1, source - 1), (position & (ONE - 1)).astype(np.int32)


def normalisation_table(mean: Sequence[float], std: Sequence[float]) -> NDArray[np.float32]:
    """(v / 255 - mean) / std for every channel and pixel value: (3, 256)."""
    values = np.arange(256, dtype=np.float64) / 255.0
    return ((values[None, :] - np.asarray(mean)[:, None]) / np.asarray(std)[:, None]).astype(np.float32)


def input_range(mean: Sequence[float], std: Sequence[float]) -> tuple[float, float]:
    """The smallest and the largest value a normalised pixel can have."""
    table = normalisation_table(mean, std)
    return float(table.min()), float(table.max())


def apply_table(image: Image, table: Table) -> NDArray[np.generic]:
    """(height, width, 3) uint8 through a (3, 256) table: the model's input, HWC, in the table's type."""
    return table[np.arange(3), image]
