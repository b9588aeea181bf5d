"""Opening a config's splits, whatever kind of source they come from, and reading the validation images one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from paddle_cortexm.config import Config
from paddle_cortexm.data import digits, folder, image_list
from paddle_cortexm.data.datasets import Dataset, Splits, UnreadableImage, is_measurable
from paddle_cortexm.data.preprocessing import Image


def open_splits(config: Config) -> Splits:
    """The splits that the config's `data` section describes. Raises UserError for data that cannot be used."""
    if config.data.kind == "digits":
        return digits.open_digits(config)
    if config.data.kind == "folder":
        return folder.open_folder(config)
    return image_list.open_lists(config)


class LabelledFrames(Sequence[tuple[Image, int]]):
    """The raw frames of a data set with their class numbers, read when asked for; unreadable ones are left out."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._readable = [i for i in range(len(dataset.targets)) if _is_readable(dataset, i)]

    def __len__(self) -> int:
        return len(self._readable)

    def __getitem__(self, number: int) -> tuple[Image, int]:  # type: ignore[override]
        index = self._readable[number]
        return self._dataset.read(index), int(self._dataset.targets[index])

    def __iter__(self) -> Iterator[tuple[Image, int]]:
        return (self[number] for number in range(len(self)))


def validation_frames(config: Config) -> Sequence[tuple[Image, int]]:
    """(raw frame, class number) of every validation image; empty where the data's classes are not the model's."""
    splits = open_splits(config)
    return LabelledFrames(splits.validation) if is_measurable(config, splits) else ()


def _is_readable(dataset: Dataset, index: int) -> bool:
    try:
        dataset.read(index)
    except UnreadableImage:
        return False
    return True
