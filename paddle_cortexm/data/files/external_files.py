"""Files outside the repository that a config names - weights, labels, lists, photos - and a digest of each.

Weights, labels and lists are hashed whole. Of photos in a folder only the paths and sizes are: reading a hundred
thousand of them for every script would take minutes. The time of change does not count, as copying changes it; a photo
that was edited to exactly the same size needs --force, and so does one that only a list names.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from paddle_cortexm.config import Config
from paddle_cortexm.data.files.image_names import images_below
from paddle_cortexm.dependencies import sha256
from paddle_cortexm.settings.program_files import program_files
from paddle_cortexm.settings.weights import WEIGHT_WORDS

LISTS = ("train_list.txt", "val_list.txt", "labels.txt")  # of data.kind list


def external_files(config: Config) -> dict[str, str]:
    """A digest for each key of the config that names a file or folder; what does not exist is left out."""
    teacher = config.train.teacher
    named = {
        "model.weights": _weights(config.model.weights),
        "train.teacher.weights": _weights(teacher.weights) if teacher else None,
        "model.labels": config.model.labels,
        "data.calibration": config.data.calibration,
        "data.path": None if config.data.is_drawn else config.data.path,
    }
    found = {key: _digest(path) for key, path in named.items() if path is not None and path.exists()}
    files = program_files(config.model.program) if config.model.program else []
    return found | ({"model.program": " ".join(map(sha256, files))} if files else {})


def _weights(value: str) -> Path | None:
    """The file, where the value is not a word."""
    return None if value in WEIGHT_WORDS else Path(value)


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    for line in sorted(_photos(path)) if path.is_dir() else []:
        digest.update(f"{line}\n".encode(errors="surrogateescape"))
    for file in [path / name for name in LISTS] if path.is_dir() else [path]:
        if file.is_file():
            digest.update(f"{file.name} {sha256(file)}\n".encode())
    return digest.hexdigest()


def _photos(folder: Path) -> Iterator[str]:
    """'path size' of every image below the folder."""
    return (f"{entry.path[len(str(folder)) + 1 :]} {entry.stat().st_size}" for entry in images_below(folder))
