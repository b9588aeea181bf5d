"""PaddleClas's lists: `train_list.txt` and `val_list.txt` below `data.path`, a line being `relative/path.jpg 7`.

`labels.txt` beside them may name the classes, a name a line; otherwise they are called `class 0`, `class 1`, ...
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from paddle_cortexm.config import Config
from paddle_cortexm.data.datasets import Splits
from paddle_cortexm.data.file_splits import splits_of_files
from paddle_cortexm.data.image_files import NO_IMAGES, ImageFiles, image_files
from paddle_cortexm.errors import UserError
from paddle_cortexm.text_files import read_lines

TRAIN_LIST, VALIDATION_LIST, LABELS = "train_list.txt", "val_list.txt", "labels.txt"


def open_lists(config: Config) -> Splits:
    """The splits of the lists; without val_list.txt a part of the training list is held out, and where no training
    image is needed train_list.txt may be absent. Raises UserError for a missing list or a line that is not a path and a
    class number, naming file and line."""
    path = config.data.path
    assert path is not None
    validation = read_list(path / VALIDATION_LIST) if (path / VALIDATION_LIST).is_file() else None
    is_alone = validation is not None and not config.needs_training_images and not (path / TRAIN_LIST).is_file()
    train = NO_IMAGES if is_alone else read_list(path / TRAIN_LIST)
    highest = max(int(np.max(files.targets, initial=-1)) for files in (train, validation or train))
    outputs = (config.model.classes or 0) if is_alone else 0  # a short list need not have the last class
    return splits_of_files(config, _class_names(path / LABELS, highest + 1, outputs), train, validation)


def read_list(path: Path) -> ImageFiles:
    """One list; image paths are relative to the list's folder."""
    if not path.is_file():
        raise UserError(
            f"{path}: no such list. data.kind 'list' reads {TRAIN_LIST} and {VALIDATION_LIST} in data.path. Only with "
            f"train.epochs: 0 and photos in data.calibration may the first be absent."
        )
    lines = enumerate(read_lines(path), 1)
    return image_files([_entry(path, number, line) for number, line in lines if line.strip()])


def _entry(path: Path, number: int, line: str) -> tuple[Path, int]:
    name, _, label = line.strip().rpartition("\t" if "\t" in line else " ")
    if not name or not label.isdigit():
        raise UserError(f"{path}:{number}: a line is 'path label', the label a class number from 0, not '{line}'")
    return path.parent / name.strip(), int(label)


def _class_names(path: Path, classes: int, outputs: int) -> list[str]:
    """classes: as many as the lists use; outputs: how many the model is known to have, 0 where the data say that."""
    if not path.is_file():
        return [f"class {number}" for number in range(max(classes, outputs))]
    names = read_lines(path)
    if len(names) < classes:
        raise UserError(f"{path}: {len(names)} names, but the lists use class numbers up to {classes - 1}")
    return names
