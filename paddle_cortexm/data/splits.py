"""Opening a config's splits, whatever kind of source they come from."""

from __future__ import annotations

from paddle_cortexm.config import Config
from paddle_cortexm.data import digits, folder, image_list
from paddle_cortexm.data.datasets import Splits


def open_splits(config: Config) -> Splits:
    """The splits that the config's `data` section describes. Raises UserError for data that cannot be used."""
    if config.data.kind == "digits":
        return digits.open_digits(config)
    if config.data.kind == "folder":
        return folder.open_folder(config)
    return image_list.open_lists(config)
