"""Opening a config's splits, whatever kind of source they come from."""

from __future__ import annotations

from dataclasses import replace

from paddle_cortexm.config import Config
from paddle_cortexm.data import digits, folder, image_list, text_lines
from paddle_cortexm.data.calibration import open_calibration
from paddle_cortexm.data.datasets import Splits
from paddle_cortexm.data.image_files import NO_IMAGES


def open_splits(config: Config) -> Splits:
    """The splits that the config's `data` section describes. Raises UserError for data that cannot be used."""
    path = config.data.calibration
    if path is None:
        return _labelled_splits(config)
    photos = open_calibration(config, path)
    if not config.has_labelled_images:
        return Splits((), NO_IMAGES, NO_IMAGES, photos)
    return replace(_labelled_splits(config), calibration=photos)


def _labelled_splits(config: Config) -> Splits:
    if config.data.kind == "digits":
        return digits.open_digits(config)
    if config.data.kind == "text_lines":
        return text_lines.open_text_lines(config)
    if config.data.kind == "folder":
        return folder.open_folder(config)
    return image_list.open_lists(config)
