"""Calibration images of their own, `data.calibration`: a folder of photos or a list of them, without labels.

A list has a path a line, relative to the list's folder; a class number behind it, as PaddleClas's lists have, is passed
over. With neither, calibration images are held out of the training images (data.file_splits).
"""

from __future__ import annotations

import math
import os
from pathlib import Path

import numpy as np

from paddle_cortexm.config import Config
from paddle_cortexm.data.datasets import Dataset, Splits
from paddle_cortexm.data.file_splits import calibration_share
from paddle_cortexm.data.files.image_names import SUFFIXES, images_below, is_image
from paddle_cortexm.data.image_files import ImageFiles, image_files
from paddle_cortexm.errors import UserError
from paddle_cortexm.text_files import read_lines

MINIMUM_CALIBRATION = 16  # images; with fewer, ranges do not hold
WHAT_TO_GIVE = "a folder of photos such as the network was trained on, or a text file with the path of one a line"


def open_calibration(config: Config, path: Path) -> ImageFiles:
    """At most `data.calibration_images` of the photos at path, chosen by the seed, in random order; their class numbers
    are 0. Raises UserError for a path that is neither folder nor list, and where there is no photo."""
    if path.is_dir():
        photos = sorted(Path(photo.path) for photo in images_below(path))
    elif path.is_file():
        photos = _listed(path)
    else:
        raise UserError(f"data.calibration: {path}: no such folder or list. Give {WHAT_TO_GIVE}.")
    if not photos:
        raise UserError(f"data.calibration: {path}: no image in it ({', '.join(sorted(SUFFIXES))}). Add photos.")
    order = np.random.default_rng([config.train.seed, 0xCA1]).permutation(len(photos))
    return image_files([(photos[i], 0) for i in order[: config.data.calibration_images]])


def _listed(path: Path) -> list[Path]:
    """The photos of a list, each once."""
    if is_image(path):
        raise UserError(f"data.calibration: {path}: an image, not a list. Give {WHAT_TO_GIVE}.")
    lines = enumerate(read_lines(path), 1)
    photos = [_photo(path, number, line.strip()) for number, line in lines if line.strip()]
    return list(dict.fromkeys(photos))


def _photo(path: Path, number: int, line: str) -> Path:
    name, _, label = line.rpartition("\t" if "\t" in line else " ")
    photo = name.strip() if label.replace(",", "").isdigit() and not is_image(line) else line
    if not is_image(photo):
        raise UserError(
            f"data.calibration: {path}:{number}: a line is the path of an image ({', '.join(sorted(SUFFIXES))}), "
            f"with or without a class number or labels behind it, not '{line}'"
        )
    return path.parent / photo


def check_calibration(config: Config, splits: Splits) -> None:
    """Raise UserError when an int8 config has no calibration images that are like what the network is for, or too
    few."""
    data, images = config.data, len(splits.calibration.targets)
    if config.quantise.precision != "int8":
        return
    if data.calibration is None and not config.has_labelled_images:
        raise UserError(
            f"data.calibration is missing: int8 is calibrated on images such as the network was trained on, and for "
            f"{config.model.source} the embedded digits are none. Give {WHAT_TO_GIVE}: at least "
            f"{MINIMUM_CALIBRATION}, better 100 or more. Labelled ones (data.kind: folder or list) do as well; for "
            f"work on size and speed alone, model.weights: random."
        )
    if images >= MINIMUM_CALIBRATION:
        return
    needed = f"int8 needs at least {MINIMUM_CALIBRATION}; 100 or more are better"
    if data.calibration_images < MINIMUM_CALIBRATION:
        raise UserError(f"data.calibration_images: {data.calibration_images}, but {needed}.")
    if data.calibration is not None:
        photos = f"{images} photo{'s' if images > 1 else ''}"
        raise UserError(f"data.calibration: {data.calibration}: {photos}, but {needed}. Add photos.")
    share = calibration_share(config)
    raise UserError(
        f"data: {images} images are left for calibration, but {needed}. They are taken from the training images, at "
        f"most {share:.0%} of them: have {math.ceil(MINIMUM_CALIBRATION / share)} training images, or give "
        f"data.calibration: {WHAT_TO_GIVE}."
    )


def shared_photos(one: Dataset, other: Dataset) -> list[str]:
    """The paths in `one` of files that are in `other` too; nothing where either does not hold files."""
    if not (isinstance(one, ImageFiles) and isinstance(other, ImageFiles)):
        return []
    known = {os.path.realpath(path) for path in other.paths}
    return [str(path) for path in one.paths if os.path.realpath(path) in known]
