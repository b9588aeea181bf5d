"""A folder a class: `path/train/CLASS/*.jpg` with `path/val/CLASS/*.jpg` (or test). Without the latter, and where the
class folders lie in `path` itself, the training images are split; without the former nothing can be trained."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from paddle_cortexm.config import Config
from paddle_cortexm.data.datasets import Splits
from paddle_cortexm.data.file_splits import splits_of_files
from paddle_cortexm.data.files.image_names import SUFFIXES, images_below
from paddle_cortexm.data.image_files import NO_IMAGES, ImageFiles, image_files
from paddle_cortexm.errors import UserError, nearest

VALIDATION_FOLDERS = ("val", "validation", "test")


def open_folder(config: Config) -> Splits:
    """The splits below `data.path`. Class names are the folders' names, sorted. Raises UserError for a folder without
    classes or images, for a class without images, and for a validation class that training does not know."""
    path = config.data.path
    assert path is not None
    if not path.is_dir():
        raise UserError(f"data.path: {path}: no such folder")
    held_out = next((path / name for name in VALIDATION_FOLDERS if _folders(path / name)), None)
    train = path / "train" if _folders(path / "train") else path
    if held_out and train == path:
        if config.needs_training_images:
            raise UserError(
                f"{held_out} holds class folders, but there is no {path / 'train'} with such. Rename either; only with "
                f"train.epochs: 0 and photos in data.calibration may it be absent."
            )
        class_names = _folders(held_out)
        return splits_of_files(config, class_names, NO_IMAGES, _files(held_out, class_names))
    class_names = _folders(train)
    if not class_names:
        raise UserError(f"{train}: no class folder in it. Put the images of each class into a folder of that name.")
    files = _files(train, class_names)
    empty = [name for number, name in enumerate(class_names) if number not in files.targets]
    if empty:
        raise UserError(
            f"{train}: no image in the class folder{'s' if len(empty) > 1 else ''} {', '.join(empty)} "
            f"({', '.join(sorted(SUFFIXES))}). Add images, or remove the folder."
        )
    return splits_of_files(config, class_names, files, _files(held_out, class_names) if held_out else None)


def _folders(path: Path) -> list[str]:
    """The names of the folders in `path`, hidden ones left out; none where there is no such folder."""
    entries = path.iterdir() if path.is_dir() else ()
    return sorted(entry.name for entry in entries if entry.is_dir() and not entry.name.startswith("."))


def _files(path: Path, class_names: Sequence[str]) -> ImageFiles:
    """Every image below path's class folders, in order of class and path."""
    for name in _folders(path):
        if name not in class_names:
            raise UserError(
                f"{path / name}: no class '{name}' among the training folders{nearest(name, class_names)}. "
                f"Rename it, or add training images of this class."
            )
    labelled = [
        (file, number)
        for number, name in enumerate(class_names)
        for file in sorted(Path(entry.path) for entry in images_below(path / name))
    ]
    if not labelled:
        raise UserError(f"{path}: no image in its class folders ({', '.join(sorted(SUFFIXES))})")
    return image_files(labelled)
