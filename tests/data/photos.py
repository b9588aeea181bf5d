"""Folders of small photos, and configs that name them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from paddle_cortexm.config import Config
from paddle_cortexm.data.datasets import Splits


def config(path: Path, kind: str = "folder", **data: int) -> Config:
    """A config whose data is at path."""
    values = {"kind": kind, "path": path, **data}
    return Config.model_validate({"name": "photos", "model": {"backbone": "PPLCNet_x0_25"}, "data": values})


def photo(path: Path, value: int = 100) -> None:
    """Save an image of 20 x 24 pixels."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((20, 24, 3), value, np.uint8)).save(path)


def class_folders(folder: Path, images: int, classes: tuple[str, ...] = ("cat", "dog")) -> Path:
    """Save so many images of each class; returns the folder."""
    for name in classes:
        for number in range(images):
            photo(folder / name / f"{number}.png")
    return folder


def paths(splits: Splits) -> list[set[str]]:
    """The files of the training, the validation and the calibration split."""
    parts = (splits.train, splits.validation, splits.calibration)
    return [{part.name(i) for i in range(len(part.targets))} for part in parts]
