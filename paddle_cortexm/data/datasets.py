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

from paddle_cortexm.artefacts.answers import Kind
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
        """The class number of each image, (number of images,); or (number of images, labels) of 0 and 1, where several
        labels may hold."""

    def name(self, index: int) -> str:
        """What to call an image in a message: its path, or a description."""

    def read(self, index: int) -> Image:
        """The raw frame, (height, width, 3) uint8, sides of 1 to 1024. Raises UnreadableImage."""

    def read_crop(self, index: int, choose: ChooseBox, wanted: ImageInput) -> Image:
        """The box that `choose` takes out of the whole picture, resized to crops.cut_size, RGB uint8. Raises
        UnreadableImage."""


@dataclass(frozen=True)
class HeldFrames:
    """Images in memory. targets: as of Dataset; frames: (height, width, 3) uint8 each."""

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
    def have_several_labels(self) -> bool:
        """Whether an image may have several labels, rather than one class."""
        return any(len(part.targets) and part.targets.ndim == 2 for part in (self.train, self.validation))

    @property
    def shown(self) -> Dataset:
        """Where the demo picture is chosen from: the validation images or, where there are none, the calibration
        images."""
        return self.validation if len(self.validation.targets) else self.calibration


def crop_of(frame: Image, choose: ChooseBox, wanted: ImageInput) -> Image:
    """Dataset.read_crop for a picture that is there."""
    return cut(frame, choose(*frame.shape[:2]), wanted)


def answer_kind(config: Config, splits: Splits, *, ends_in_sigmoid: bool = False) -> Kind:
    """What the model's outputs mean: what the config says or, where it leaves that open, what the data have.
    ends_in_sigmoid: whether an exported program does."""
    if config.model.answer is not None:
        return config.model.answer
    return "several" if splits.have_several_labels or config.model.classes == 1 or ends_in_sigmoid else "one"


def is_measurable(config: Config, splits: Splits, kind: Kind) -> bool:
    """Whether the data's classes or labels are the model's, so that an accuracy means something."""
    return not why_unmeasured(config, splits, kind)


def why_unmeasured(config: Config, splits: Splits, kind: Kind) -> str:
    """Why an accuracy would mean nothing, and what to give; '' where it means something."""
    if kind == "value":
        return "the data say of classes, not of values, which of them is right"
    classes = len(splits.class_names)
    if classes and (splits.have_several_labels != (kind == "several")):
        return f"{_form_of(splits)}, model.answer is {kind}. Give images with what the model answers"
    if config.model.classes in (None, classes):
        return ""
    drawn = {"digits": "the embedded digits have", "text_lines": "the drawn text lines have"}
    named = drawn.get(config.data.kind, f"{config.data.path} has")
    given = f"{named} {classes} classes, the model has {config.model.classes}" if classes else "no image has a label"
    return f"{given}. Give labelled images of the model's classes (data.kind: folder or list)"


def class_count(config: Config, splits: Splits, kind: Kind) -> int:
    """How many outputs the model has. Raises UserError when it would be trained on data with other classes, and when
    there are fewer than two to choose among."""
    classes = 1 if kind == "value" else config.model.classes or len(splits.class_names)
    if not classes:
        raise UserError("model.classes is missing: the photos of data.calibration have no classes. Give the weights'.")
    if config.train.epochs:
        _check_training(config, splits, kind, classes)
    if classes < 2 and kind == "one":
        raise UserError(
            f"a classifier needs at least two classes, and there is only '{splits.class_names[0]}'. Put the images of "
            f"each class into a folder of its own (data.kind: folder), or list them with class numbers 0, 1, ... "
            f"(data.kind: list)."
        )
    return classes


def _check_training(config: Config, splits: Splits, kind: Kind, classes: int) -> None:
    """Raises UserError for data that do not say what the model is to answer."""
    if kind == "value":
        raise UserError("model.answer value is deployed, not trained here: set train.epochs to 0 and name its weights.")
    if splits.have_several_labels != (kind == "several"):
        raise UserError(
            f"{_form_of(splits)}, but model.answer is {kind}. Leave model.answer out to train what the data say; for "
            f"labels that hold or do not, list the images with a 0 or 1 for each (data.kind: list)."
        )
    if classes != len(splits.class_names):
        raise UserError(
            f"model.classes is {classes}, but the data has {len(splits.class_names)} classes. Leave model.classes out "
            f"to fine-tune on this data, or set train.epochs to 0 to export the weights as they are."
        )


def _form_of(splits: Splits) -> str:
    return "the images have labels of which several may hold" if splits.have_several_labels else "images have one class"


def split_by_class(targets: Indices, shares: Sequence[float], seed: int) -> list[Indices]:
    """Share out the indices of `targets` at random, class by class, so that every part has every class alike; all
    together where several labels may hold.

    shares: one number a part, summing to 1. Returns ascending indices for each part.
    """
    random = np.random.default_rng([seed, 0x5711])
    parts: list[list[int]] = [[] for _ in shares]
    groups = targets if targets.ndim == 1 else np.zeros(len(targets), np.int64)
    for group in np.unique(groups):
        members = random.permutation(np.flatnonzero(groups == group))
        borders = np.round(np.cumsum(shares)[:-1] * len(members)).astype(int)
        for part, chosen in zip(parts, np.split(members, borders)):
            part.extend(chosen.tolist())
    return [np.array(sorted(part), np.int64) for part in parts]


def sample_of(indices: Indices, wanted: int | None, seed: int) -> Indices:
    """At most `wanted` of the indices, chosen at random, ascending."""
    if wanted is None or wanted >= len(indices):
        return indices
    return np.sort(np.random.default_rng([seed, 0x5A3]).permutation(indices)[:wanted])
