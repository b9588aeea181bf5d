"""Section data of a config: where images come from, and how they become the network's input."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import model_validator

from paddle_cortexm.settings.image_input import (
    Colour,
    Deviations,
    Fit,
    Level,
    Means,
    Place,
    Size,
    channels_of,
)
from paddle_cortexm.settings.section import Positive, Section


class Data(Section):
    """Where images come from. digits: embedded; text_lines: rendered, upright or upside down; folder: a folder a class
    under train/ and val/ (or test/), or one level of class folders that is split; list: PaddleClas's train_list.txt and
    val_list.txt below path. calibration: unlabelled photos for the ranges of int8: a folder, with photos at any depth,
    or a list with a path a line.

    How an image becomes the network's input: it is resized to cover `resize` (fit: crop), to be it (stretch), or to lie
    inside it (pad); the centre is cut out, or what is missing filled in. settings/image_input.py has more."""

    kind: Literal["digits", "text_lines", "folder", "list"] = "digits"
    path: Path | None = None
    fit: Fit = "crop"
    resize: Size | None = None  # of both sides, or [height, width], before the centre is cut out; None: image_size
    pad_colour: tuple[Level, Level, Level] = (0, 0, 0)  # red, green, blue
    pad_place: Place = "centre"  # of the image in the padding; start: left, or at the top
    colour: Colour = "rgb"  # order of the network's channels; grey: one channel
    mean: Means | None = None  # a share of 255 for each channel, in their order, or one for all; None: ImageNet's
    std: Deviations | None = None
    train_images: Positive | None = None  # None: all (of those that are drawn: 6000)
    validation_images: Positive | None = None
    calibration: Path | None = None  # None: held out of the training images, never trained on, never validated on
    calibration_images: Positive = 128  # at most

    @property
    def is_drawn(self) -> bool:
        """Whether the images are drawn as they are asked for, instead of read from files."""
        return self.kind in ("digits", "text_lines")

    @model_validator(mode="after")
    def _path_is_given(self) -> Data:
        if not self.is_drawn and self.path is None:
            raise ValueError(f"data.path is needed for data.kind '{self.kind}'")
        return self

    @model_validator(mode="after")
    def _values_fit_the_channels(self) -> Data:
        channels = channels_of(self.colour)
        for key, values in (("mean", self.mean), ("std", self.std)):
            if values is not None and len(values) not in (1, channels):
                raise ValueError(
                    f"data.{key}: {len(values)} values; data.colour {self.colour} takes one"
                    + ("" if channels == 1 else f", or {channels}")
                )
        return self
