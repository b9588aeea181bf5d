"""A whole split as pixels in memory: read and resized once, on the device's own integer path."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.data.datasets import Dataset, Indices, UnreadableImage
from paddle_cortexm.data.preprocessing import apply_table, resize_short_side_and_crop
from paddle_cortexm.errors import UserError
from paddle_cortexm.progress import progress

UNREADABLE_LIMIT = 0.01  # share of unreadable images above which a run stops
NAMED_UNREADABLE = 5  # how many of them a message names
MEMORY_LIMIT = 4 * 1024**3  # bytes; more than this goes into a temporary file that is mapped into memory


@dataclass(frozen=True)
class Pixels:
    """images: (N, size, size, 3) uint8 RGB; targets: (N,) class numbers; indices: (N,) places in the data set;
    unreadable: what could not be read, one message each."""

    images: NDArray[np.uint8]
    targets: Indices
    indices: Indices
    unreadable: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.targets)


def load_pixels(dataset: Dataset, resize: int, size: int, what: str, *, quiet: bool = False) -> Pixels:
    """Read every image, resize its short side to `resize` and keep the central size x size.

    Unreadable images are left out; raises UserError when they are more than 1 %, naming the first ones.
    """
    count = len(dataset.targets)
    images = _room_for((count, size, size, 3))
    kept: list[int] = []
    unreadable: list[str] = []
    for index in progress(range(count), what, quiet=quiet):
        try:
            frame = dataset.read(index)
        except UnreadableImage as error:
            unreadable.append(str(error))
            continue
        images[len(kept)] = resize_short_side_and_crop(frame, resize, size)
        kept.append(index)
    check_unreadable(unreadable, count, what)
    indices = np.array(kept, np.int64)
    return Pixels(images[: len(kept)], dataset.targets[indices], indices, tuple(unreadable))


def check_unreadable(unreadable: Sequence[str], count: int, what: str, tolerated: int = 0) -> None:
    """Raise UserError when more than 1 % of the images are unreadable, and more than `tolerated` of them; otherwise
    print which are left out."""
    if not unreadable:
        return
    names = "\n".join(f"  {message}" for message in unreadable[:NAMED_UNREADABLE])
    more = f"\n  and {len(unreadable) - NAMED_UNREADABLE} more" if len(unreadable) > NAMED_UNREADABLE else ""
    said = f"{what}: {len(unreadable)} of {count} images cannot be used:\n{names}{more}"
    if len(unreadable) > max(tolerated, UNREADABLE_LIMIT * count):
        raise UserError(
            f"{said}\nThat is more than {UNREADABLE_LIMIT:.0%}. Repair or remove them, then run this again."
        )
    print(f"{said}\nThey are left out.")


def network_input(images: NDArray[np.uint8], table: NDArray[np.generic]) -> NDArray[np.float32]:
    """Pixels (N, H, W, 3) through the normalisation table (3, 256) as Paddle wants them: (N, 3, H, W) float32."""
    values = apply_table(images, table).astype(np.float32)
    return np.ascontiguousarray(values.transpose(0, 3, 1, 2))


def _room_for(shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """An array of bytes: in memory, or in a temporary file for a data set that would not fit."""
    if int(np.prod(shape)) <= MEMORY_LIMIT:
        return np.empty(shape, np.uint8)
    return np.memmap(tempfile.TemporaryFile(), np.uint8, "w+", shape=shape)
