"""Training batches through paddle.io: read and varied in worker processes, whatever the size of the data set.

What an image looks like follows from seed, epoch and image, and their order from seed and epoch. So neither the number
of workers nor an interruption changes what is trained on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple

import cv2
import numpy as np
import paddle
from numpy.typing import NDArray

from paddle_cortexm.config import Config
from paddle_cortexm.cores import cores
from paddle_cortexm.data.augmentation import Augmentation
from paddle_cortexm.data.datasets import Dataset, HeldFrames, UnreadableImage
from paddle_cortexm.data.digits import held_digits
from paddle_cortexm.data.pixels import (
    UNREADABLE_LIMIT,
    check_unreadable,
    network_input,
    readable_images,
    unopenable_images,
)
from paddle_cortexm.data.preprocessing import Image, normalisation_table
from paddle_cortexm.errors import UserError
from paddle_cortexm.settings.image_input import ImageInput
from paddle_cortexm.training.distributed.group import Group
from paddle_cortexm.training.recipe.parts import Batch

SMALLEST_BATCH = 2  # batch norm needs more than one image
WHAT = "training images"


class Place(NamedTuple):
    """Which image to read, and in which epoch."""

    epoch: int
    image: int


class Example(NamedTuple):
    """image: (height, width, channels) uint8; target: its class number, or (labels,) of 0 and 1; unreadable: messages
    of the images whose place this one takes."""

    image: Image
    target: NDArray[np.int64]
    unreadable: list[str]


class VariedImages(paddle.io.Dataset):
    """The images of a data set as training sees them."""

    def __init__(self, dataset: Dataset, augmentation: Augmentation, wanted: ImageInput, seed: int) -> None:
        self._dataset, self._augmentation, self._wanted, self._seed = dataset, augmentation, wanted, seed
        self._targets = dataset.targets

    def __len__(self) -> int:
        return len(self._targets)

    def __getitem__(self, place: Place) -> Example:
        """The image at this place; one that cannot be read is replaced by the next one that can, a black one where none
        can: an error raised in a reading process would reach the user in Paddle's words."""
        unreadable: list[str] = []
        for index in chain(range(place.image, len(self)), range(place.image)):
            random = np.random.default_rng([self._seed, place.epoch, index])
            try:
                image = self._augmentation.read(self._dataset, index, self._wanted, random)
            except UnreadableImage as error:
                unreadable.append(str(error))
                continue
            return Example(image, self._targets[index], unreadable)
        return Example(np.zeros(self._wanted.shape, np.uint8), np.zeros_like(self._targets[0]), unreadable)


class EpochSampler(paddle.io.DistributedBatchSampler):
    """This process's share of every batch of an epoch (set_epoch), in an order that follows from seed and epoch. What
    does not fill a whole batch of all processes is left out, other images in every epoch."""

    def __init__(self, images: int, batch: int, seed: int, group: Group) -> None:
        """batch: images a step over all processes."""
        whole = range(images // batch * batch)
        super().__init__(whole, batch // group.size, group.size, group.rank, drop_last=True)
        self._images, self._seed = images, seed

    def __iter__(self) -> Iterator[list[Place]]:
        order = np.random.default_rng([self._seed, self.epoch]).permutation(self._images)
        for positions in super().__iter__():
            yield [Place(self.epoch, int(order[position])) for position in positions]


class Batches:
    """The batches of a training run. targets: as of the data set; unreadable: what was met so far, a
    message an image."""

    def __init__(self, dataset: Dataset, config: Config, group: Group) -> None:
        """Opens every image file once. Raises UserError where that fails for more than 1 %, with their names, and where
        there are too few images for a batch."""
        dataset, settings = held_digits(dataset), config.train
        self.targets = dataset.targets
        self._dataset, self._images, self._is_alone = dataset, len(dataset.targets), group.size == 1
        self._batch = batch_size(config, self._images, group)
        self.unreadable = set(unopenable_images(dataset, WHAT))
        self._table = normalisation_table(config.input.mean, config.input.std)
        self._sampler = EpochSampler(self._images, self._batch, settings.seed, group)
        varied = VariedImages(dataset, Augmentation.of(config), config.input, settings.seed)
        workers = default_workers(group) if settings.workers is None else settings.workers
        self._loader = paddle.io.DataLoader(
            varied,
            places=paddle.CPUPlace(),
            batch_sampler=self._sampler,
            collate_fn=_together,
            num_workers=0 if isinstance(dataset, HeldFrames) else workers,
            use_shared_memory=False,  # containers have little of it
        )

    @property
    def steps(self) -> int:
        """Batches an epoch."""
        return len(self._sampler)

    def epoch(self, number: int) -> Iterator[Batch]:
        """The batches of one epoch. Raises UserError when more than 1 % of the images are unreadable."""
        # The processes are the parallelism. Here, before they are forked: had a thread of OpenCV's a lock at that
        # moment, they would wait for it for ever.
        cv2.setNumThreads(1)
        self._sampler.set_epoch(number)
        for images, targets, unreadable in self._loaded():
            self._count({*unreadable} - self.unreadable)
            inputs = network_input(images.numpy(), self._table)
            wanted = paddle.to_tensor(targets.numpy())
            yield Batch(paddle.to_tensor(inputs), wanted if wanted.ndim == 1 else wanted.astype("float32"))

    def _loaded(self) -> Iterator[list[Any]]:
        try:
            yield from self._loader
        except SystemError:  # Paddle's word for a process that was killed or failed; what it said is printed
            raise UserError(
                f"{WHAT}: a process that reads them has ended. If memory ran out, choose a smaller train.workers (0 "
                f"reads without such processes). Run this again to go on after the last whole epoch."
            ) from None

    def _count(self, unreadable: set[str]) -> None:
        """Print what is met for the first time and cannot be read. Raises UserError when it is more than 1 % by now.
        All others are named too then, which takes a pass over the images, unless other processes would wait for it."""
        self.unreadable |= unreadable
        if len(self.unreadable) <= UNREADABLE_LIMIT * self._images:
            check_unreadable(sorted(unreadable), self._images, WHAT)
            return
        if self._is_alone:
            readable_images(self._dataset, WHAT)
        check_unreadable(sorted(self.unreadable), self._images, WHAT)


def batch_size(config: Config, images: int, group: Group) -> int:
    """Images a step over all processes: the config's batch size, less where there are not so many images."""
    wanted = config.train.batch_size
    if wanted % group.size:
        raise UserError(f"train.batch_size {wanted} is not a multiple of the {group.size} processes that share it")
    batch = min(wanted, images // group.size * group.size)
    if batch < SMALLEST_BATCH * group.size:
        raise UserError(f"train: {images} training images are too few for {group.size} process(es). Add images.")
    return batch


def default_workers(group: Group) -> int:
    """Reading processes for each training process: the cores of this machine, shared out."""
    return max(1, cores() // group.size_here)


def _together(examples: Sequence[Example]) -> list[Any]:
    """Images (N, height, width, channels), targets (N,) or (N, labels), and the messages of a batch."""
    images: NDArray[np.uint8] = np.stack([example.image for example in examples])
    targets = np.array([example.target for example in examples], np.int64)
    return [images, targets, [message for example in examples for message in example.unreadable]]
