"""The images of a split on the device's own integer path, without anything random: for validation and calibration.

A small split is read once and held; a large one is read anew whenever it is gone through, a few batches ahead.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Union

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.cores import cores
from paddle_cortexm.data.datasets import Dataset, Indices, UnreadableImage
from paddle_cortexm.data.image_files import ImageFiles
from paddle_cortexm.data.preprocessing import Image, Table, input_pixels
from paddle_cortexm.errors import UserError
from paddle_cortexm.progress import progress
from paddle_cortexm.settings.image_input import ImageInput

UNREADABLE_LIMIT = 0.01  # share of unreadable images above which a run stops
NAMED_UNREADABLE = 50  # how many of them a message names
MOST_HELD = 256 * 1024**2  # bytes of pixels that are held; larger splits are streamed
BATCHES_AHEAD = 2


@dataclass(frozen=True)
class HeldPixels:
    """images: (N, height, width, channels) uint8; targets: (N,) class numbers; indices: (N,) places in the data set;
    unreadable: what could not be read, one message each."""

    images: NDArray[np.uint8]
    targets: Indices
    indices: Indices
    unreadable: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.targets)

    def batches(self, count: int) -> Iterator[NDArray[np.uint8]]:
        """The images in order, (count, height, width, channels) at a time, fewer at the end."""
        return (self.images[start : start + count] for start in range(0, len(self), count))

    def share(self, rank: int, size: int) -> HeldPixels:
        """Every size-th image from number `rank` on."""
        part = slice(rank, None, size)
        return replace(self, images=self.images[part], targets=self.targets[part], indices=self.indices[part])


@dataclass(frozen=True)
class StreamedPixels:
    """Images that are read when gone through. wanted: what they become; the rest as HeldPixels."""

    dataset: Dataset
    wanted: ImageInput
    targets: Indices
    indices: Indices
    unreadable: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.targets)

    def batches(self, count: int) -> Iterator[NDArray[np.uint8]]:
        """As of HeldPixels; read by a thread a core."""
        with ThreadPoolExecutor(cores()) as readers:
            ahead: deque[list[Future[Image]]] = deque()
            for start in range(0, len(self), count):
                ahead.append([readers.submit(self._image, int(i)) for i in self.indices[start : start + count]])
                if len(ahead) > BATCHES_AHEAD:
                    yield np.stack([image.result() for image in ahead.popleft()])
            for batch in ahead:
                yield np.stack([image.result() for image in batch])

    def share(self, rank: int, size: int) -> StreamedPixels:
        """Every size-th image from number `rank` on."""
        part = slice(rank, None, size)
        return replace(self, targets=self.targets[part], indices=self.indices[part])

    def _image(self, index: int) -> Image:
        try:
            return input_pixels(self.dataset.read(index), self.wanted)
        except UnreadableImage as error:
            raise UserError(f"{error}: it could be read when this run began. Run this again.") from None


Pixels = Union[HeldPixels, StreamedPixels]


def open_pixels(dataset: Dataset, wanted: ImageInput, what: str, *, quiet: bool = False) -> Pixels:
    """Every image as the network takes it: held if all of them have at most MOST_HELD bytes.

    Unreadable images are left out; raises UserError when they are more than 1 %, naming them.
    """
    if len(dataset.targets) * math.prod(wanted.shape) <= MOST_HELD:
        return load_pixels(dataset, wanted, what, quiet=quiet)
    kept, unreadable = readable_images(dataset, what, quiet=quiet)
    return StreamedPixels(dataset, wanted, dataset.targets[kept], kept, unreadable)


def load_pixels(dataset: Dataset, wanted: ImageInput, what: str, *, quiet: bool = False) -> HeldPixels:
    """As open_pixels, held whatever their size."""
    count = len(dataset.targets)
    images = np.empty((count, *wanted.shape), np.uint8)
    kept: list[int] = []
    unreadable: list[str] = []
    for index in progress(range(count), what, quiet=quiet):
        try:
            frame = dataset.read(index)
        except UnreadableImage as error:
            unreadable.append(str(error))
            continue
        images[len(kept)] = input_pixels(frame, wanted)
        kept.append(index)
    check_unreadable(unreadable, count, what)
    indices = np.array(kept, np.int64)
    return HeldPixels(images[: len(kept)], dataset.targets[indices], indices, tuple(unreadable))


def readable_images(dataset: Dataset, what: str, *, quiet: bool = False) -> tuple[Indices, tuple[str, ...]]:
    """Read every image once; which ones can be read, and a message for each that cannot. Raises UserError when those
    are more than 1 %."""
    count = len(dataset.targets)
    found = _problems(dataset.read, count)
    problems = [next(found) for _ in progress(range(count), f"checking the {what}", quiet=quiet)]
    unreadable = tuple(message for message in problems if message is not None)
    check_unreadable(unreadable, count, what)
    return np.flatnonzero([message is None for message in problems]), unreadable


def unopenable_images(dataset: Dataset, what: str) -> tuple[str, ...]:
    """A message for each image file whose head cannot be read (ImageFiles.open). Raises UserError when those are more
    than 1 %."""
    if not isinstance(dataset, ImageFiles):
        return ()
    count = len(dataset.targets)
    unreadable = tuple(message for message in _problems(dataset.open, count) if message is not None)
    check_unreadable(unreadable, count, what)
    return unreadable


def _problems(read: Callable[[int], object], count: int) -> Iterator[str | None]:
    """Why each of `count` images cannot be read, in order; None for one that can. Read by a thread a core."""

    def problem(index: int) -> str | None:
        try:
            read(index)
        except UnreadableImage as error:
            return str(error)
        return None

    with ThreadPoolExecutor(cores()) as readers:
        yield from readers.map(problem, range(count))


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


def network_input(images: NDArray[np.uint8], table: Table) -> NDArray[np.float32]:
    """Pixels (N, H, W, C) through the normalisation table (C, 256) as Paddle wants them: (N, C, H, W) float32."""
    import cv2  # not above: see crops.cut

    count, height, width, channels = images.shape
    by_value = np.ascontiguousarray(table.T[None], np.float32)  # (1, 256, C)
    values = cv2.LUT(images.reshape(count * height, width, channels), by_value)  # as apply_table, several times faster
    return np.ascontiguousarray(values.reshape(images.shape).transpose(0, 3, 1, 2))
