"""PaddleClas's lists: `train_list.txt` and `val_list.txt` below `data.path`.

A line is `relative/path.jpg 7`, the image's class, or, where several labels may hold, `relative/path.jpg 0,1,0`: 1 for
each label that does. `labels.txt` beside them may name the classes or labels, a name a line; otherwise they are called
`class 0`, `class 1`, ...
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
    class number or labels, naming file and line, and for lists of both forms."""
    path, model = config.data.path, config.model
    assert path is not None
    single = model.answer == "several" or (model.answer is None and model.classes == 1)
    validation = read_list(path / VALIDATION_LIST, single) if (path / VALIDATION_LIST).is_file() else None
    is_alone = validation is not None and not config.needs_training_images and not (path / TRAIN_LIST).is_file()
    train = NO_IMAGES if is_alone else read_list(path / TRAIN_LIST, single)
    lists = [files for files in (train, validation) if files and files.paths]
    if len({files.targets.shape[1:] for files in lists}) > 1:
        raise UserError(f"{path / VALIDATION_LIST}: not as many labels an image as in {path / TRAIN_LIST}")
    outputs = (model.classes or 0) if is_alone else 0  # a short list need not have the last class
    names = _class_names(path / LABELS, max(map(_outputs, lists), default=0), outputs)
    return splits_of_files(config, names, train, validation)


def read_list(path: Path, single: bool = False) -> ImageFiles:
    """One list; image paths are relative to the list's folder. single: where a line has one number, it is one label
    that holds or not."""
    if not path.is_file():
        raise UserError(
            f"{path}: no such list. data.kind 'list' reads {TRAIN_LIST} and {VALIDATION_LIST} in data.path. Only with "
            f"train.epochs: 0 and photos in data.calibration may the first be absent."
        )
    lines = [(number, line) for number, line in enumerate(read_lines(path), 1) if line.strip()]
    entries = [_entry(path, number, line) for number, line in lines]
    counts = [len(numbers) for _, numbers in entries]
    for (number, line), count in zip(lines, counts):
        if count != counts[0]:
            raise UserError(
                f"{path}:{number}: '{line}' has {_counted(count)}, the lines before it have {_counted(counts[0])} "
                f"each. In one list all images have one class, or all have as many labels."
            )
    if not single and set(counts) <= {1}:
        return image_files([(file, numbers[0]) for file, numbers in entries])
    for (number, line), (_, numbers) in zip(lines, entries):
        if not set(numbers) <= {0, 1}:
            raise UserError(f"{path}:{number}: a label is 1 where it holds and 0 where it does not, not '{line}'")
    targets = np.array([numbers for _, numbers in entries], np.int64)
    return ImageFiles(tuple(file for file, _ in entries), targets)


def _entry(path: Path, number: int, line: str) -> tuple[Path, list[int]]:
    name, _, label = line.strip().rpartition("\t" if "\t" in line else " ")
    words = label.split(",")
    if not name or not all(word.isdigit() for word in words):
        raise UserError(
            f"{path}:{number}: a line is 'path label', the label a class number from 0, or 0 or 1 for each of several "
            f"labels with commas between, not '{line}'"
        )
    return path.parent / name.strip(), [int(word) for word in words]


def _counted(numbers: int) -> str:
    return "one number" if numbers == 1 else f"{numbers} labels"


def _outputs(files: ImageFiles) -> int:
    """How many classes or labels a list uses."""
    return int(files.targets.shape[1]) if files.targets.ndim == 2 else int(np.max(files.targets)) + 1


def _class_names(path: Path, classes: int, outputs: int) -> list[str]:
    """classes: as many as the lists use; outputs: how many the model is known to have, 0 where the data say that."""
    if not path.is_file():
        return [f"class {number}" for number in range(max(classes, outputs))]
    names = read_lines(path)
    if len(names) < classes:
        raise UserError(f"{path}: {len(names)} names, but the lists use class numbers up to {classes - 1}")
    return names
