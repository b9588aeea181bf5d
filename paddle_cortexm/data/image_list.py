"""PaddleClas's lists: `train_list.txt` and `val_list.txt` below `data.path`, a line being `relative/path.jpg 7`.

`labels.txt` beside them may name the classes, a name a line; otherwise they are called `class 0`, `class 1`, ...
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from paddle_cortexm.config import Config
from paddle_cortexm.data.datasets import Splits
from paddle_cortexm.data.file_splits import splits_of_files
from paddle_cortexm.data.image_files import ImageFiles, image_files
from paddle_cortexm.errors import UserError

TRAIN_LIST, VALIDATION_LIST, LABELS = "train_list.txt", "val_list.txt", "labels.txt"


def open_lists(config: Config) -> Splits:
    """The splits of the lists; without val_list.txt a part of the training list is held out. Raises UserError for a
    missing list or a line that is not a path and a class number, naming file and line."""
    path = config.data.path
    assert path is not None
    train = read_list(path / TRAIN_LIST)
    validation = read_list(path / VALIDATION_LIST) if (path / VALIDATION_LIST).is_file() else None
    highest = max(int(np.max(files.targets, initial=-1)) for files in (train, validation or train))
    return splits_of_files(config, _class_names(path / LABELS, highest + 1), train, validation)


def read_list(path: Path) -> ImageFiles:
    """One list; image paths are relative to the list's folder."""
    if not path.is_file():
        raise UserError(
            f"{path}: no such list. data.kind 'list' reads {TRAIN_LIST} and {VALIDATION_LIST} in data.path."
        )
    lines = path.read_text(encoding="utf-8").splitlines()
    return image_files([_entry(path, number, line) for number, line in enumerate(lines, 1) if line.strip()])


def _entry(path: Path, number: int, line: str) -> tuple[Path, int]:
    name, _, label = line.strip().rpartition("\t" if "\t" in line else " ")
    if not name or not label.isdigit():
        raise UserError(f"{path}:{number}: a line is 'path label', the label a class number from 0, not '{line}'")
    return path.parent / name.strip(), int(label)


def _class_names(path: Path, classes: int) -> list[str]:
    if not path.is_file():
        return [f"class {number}" for number in range(classes)]
    names = path.read_text(encoding="utf-8").splitlines()
    if len(names) < classes:
        raise UserError(f"{path}: {len(names)} names, but the lists use class numbers up to {classes - 1}")
    return names
