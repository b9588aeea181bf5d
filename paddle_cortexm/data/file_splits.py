"""Splits of image files: what the source does not hold out itself is held out here, by the seed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from paddle_cortexm.config import Config
from paddle_cortexm.data.datasets import Splits, sample_of, split_by_class
from paddle_cortexm.data.image_files import ImageFiles
from paddle_cortexm.errors import UserError

VALIDATION_SHARE = 0.2  # of files that come without a validation folder or list
FEWEST_TO_SPLIT = 3  # images of a class, for the share above to come to one of them
CALIBRATION_SHARE = 0.25  # of the training files, at most, while there is something to train


def splits_of_files(
    config: Config, class_names: Sequence[str], files: ImageFiles, validation: ImageFiles | None
) -> Splits:
    """Hold out calibration images from `files` unless they have a source of their own, and validation images too where
    there are none. Calibration images come in random order, so that any part of them has all classes.

    Raises UserError where there is no image to validate on, or none to train on and some are needed.
    """
    data, seed = config.data, config.train.seed
    if validation is None:
        kept, held_out = split_by_class(files.targets, (1 - VALIDATION_SHARE, VALIDATION_SHARE), seed)
        files, validation = files.subset(kept), files.subset(held_out)
    if config.needs_training_images and not files.paths:
        raise UserError("data: no training image. Add images, or check data.path and data.kind.")
    if not validation.paths:
        raise UserError(
            f"data: no image for the validation split. Without a validation folder or list, {VALIDATION_SHARE:.0%} of "
            f"each class are held out, one of {FEWEST_TO_SPLIT} images at the least: add images until a class has "
            f"{FEWEST_TO_SPLIT}, or give validation images of their own."
        )
    everything = np.arange(len(files.targets))
    most = int(calibration_share(config) * len(everything))
    held_out = sample_of(everything, 0 if data.calibration else min(data.calibration_images, most), seed)
    kept = sample_of(np.setdiff1d(everything, held_out), data.train_images, seed)
    measured = sample_of(np.arange(len(validation.targets)), data.validation_images, seed)
    calibration = files.subset(np.random.default_rng(seed).permutation(held_out))
    return Splits(tuple(class_names), files.subset(kept), validation.subset(measured), calibration)


def calibration_share(config: Config) -> float:
    """The largest share of the training images that calibration takes: all of them where nothing is trained."""
    return CALIBRATION_SHARE if config.train.epochs else 1.0
