"""What every source of images offers, and how images are shared out to the three splits.

train: for fine-tuning. validation: for accuracy figures only. calibration: for ranges and bias correction only. No
image is in two of them, unless data.calibration names images that are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.config import Config
from paddle_cortexm.data.crops import ChooseBox, cut
from paddle_cortexm.data.preprocessing import Image
from paddle_cortexm.errors import UserError
from paddle_cortexm.settings.image_input import ImageInput

Indices = NDArray[np.int64]


class UnreadableImage(UserError):
    """An image file that is missing or damaged; the text names it. Caught where it can be left out."""


class Dataset(Protocol):
    """Labelled images by index. Reading an index again gives the same pixels."""

    @property
    def targets(self) -> Indices:
        """The class number of each image: (number of images,)."""

    def name(self, index: int) -> str:
        """What to call an image in a message: its path, or a description."""

    def read(self, index: int) -> Image:
        """The raw frame, (height, width, 3) uint8, sides of 1 to 1024. Raises UnreadableImage."""

    def read_crop(self, index: int, choose: ChooseBox, wanted: ImageInput) -> Image:
        """The box that `choose` takes out of the whole picture, resized to crops.cut_size, RGB uint8. Raises
        UnreadableImage."""


@dataclass(frozen=True)
class HeldFrames:
    """Images in memory. targets: (N,) class numbers; frames: (height, width, 3) uint8 each."""

    targets: Indices
    frames: tuple[Image, ...]

    def name(self, index: int) -> str:
        return f"image {index}"

    def read(self, index: int) -> Image:
        return self.frames[index]

    def read_crop(self, index: int, choose: ChooseBox, wanted: ImageInput) -> Image:
        return crop_of(self.frames[index], choose, wanted)


@dataclass(frozen=True)
class Splits:
    """The three splits and the class names, in the order of the class numbers; no names and neither training nor
    validation images where nothing is labelled."""

    class_names: tuple[str, ...]
    train: Dataset
    validation: Dataset
    calibration: Dataset

    @property
    def shown(self) -> Dataset:
        """Where the demo picture is chosen from: the validation images or, where there are none, the calibration
        images."""
        return self.validation if len(self.validation.targets) else self.calibration


def crop_of(frame: Image, choose: ChooseBox, wanted: ImageInput) -> Image:
    """Dataset.read_crop for a picture that is there."""
    return cut(frame, choose(*frame.shape[:2]), wanted)


def is_measurable(config: Config, splits: Splits) -> bool:
    """Whether the data's class numbers are the model's, so that an accuracy means something."""
    return not why_unmeasured(config, splits)


def why_unmeasured(config: Config, splits: Splits) -> str:
    """Why an accuracy would mean nothing, and what to give; '' where it means something."""
    classes = len(splits.class_names)
    if config.model.classes in (None, classes):
        return ""
    named = "the embedded digits have" if config.data.kind == "digits" else f"{config.data.path} has"
    given = f"{named} {classes} classes, the model has {config.model.classes}" if classes else "no image has a label"
    return f"{given}. Give labelled images of the model's classes (data.kind: folder or list)"


def class_count(config: Config, splits: Splits) -> int:
    """How many outputs the model has. Raises UserError when it would be trained on data with other classes, and when
    there are fewer than two."""
    classes = config.model.classes or len(splits.class_names)
    if not classes:
        raise UserError("model.classes is missing: the photos of data.calibration have no classes. Give the weights'.")
    if config.train.epochs and classes != len(splits.class_names):
        raise UserError(
            f"model.classes is {classes}, but the data has {len(splits.class_names)} classes. Leave model.classes out "
            f"to fine-tune on this data, or set train.epochs to 0 to export the weights as they are."
        )
    if classes < 2:
        raise UserError(
            f"a classifier needs at least two classes, and there is only '{splits.class_names[0]}'. Put the images of "
            f"each class into a folder of its own (data.kind: folder), or list them with class numbers 0, 1, ... "
            f"(data.kind: list)."
        )
    return classes


def split_by_class(targets: Indices, shares: Sequence[float], seed: int) -> list[Indices]:
    """Share out the indices of `targets` at random, class by class, so that every part has every class alike.

    shares: one number a part, summing to 1. Returns ascending indices for each part.
    """
    random = np.random.default_rng([seed, 0x5711])
    parts: list[list[int]] = [[] for _ in shares]
    for target in np.unique(targets):
        members = random.permutation(np.flatnonzero(targets == target))
        borders = np.round(np.cumsum(shares)[:-1] * len(members)).astype(int)
        for part, chosen in zip(parts, np.split(members, borders)):
            part.extend(chosen.tolist())
    return [np.array(sorted(part), np.int64) for part in parts]


def sample_of(indices: Indices, wanted: int | None, seed: int) -> Indices:
    """At most `wanted` of the indices, chosen at random, ascending."""
    if wanted is None or wanted >= len(indices):
        return indices
    return np.sort(np.random.default_rng([seed, 0x5A3]).permutation(indices)[:wanted])
