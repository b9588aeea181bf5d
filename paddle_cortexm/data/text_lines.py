"""Rendered lines of text, upright (class 0) or upside down (class 180), as a text recogniser meets them.

Line i of a split is a few random words in a random font, size and pair of colours, photographed: unevenly lit, blurred,
noisy. All of it follows from the seed, the split and i; every second line is upside down.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageDraw

from paddle_cortexm.config import Config
from paddle_cortexm.data.crops import ChooseBox
from paddle_cortexm.data.datasets import Indices, Splits, crop_of
from paddle_cortexm.data.preprocessing import Image
from paddle_cortexm.data.text.exposure import exposed
from paddle_cortexm.data.text.fonts import FONTS, font_of
from paddle_cortexm.data.text.words import phrase
from paddle_cortexm.settings.image_input import ImageInput
from paddle_cortexm.target import MAXIMUM_SIDE

CLASSES = ("0", "180")  # degrees
TRAIN_LINES, VALIDATION_LINES = 6000, 1000
SIZES = (28, 56)  # smallest and largest font, pixels
WORDS = (2, 4)  # fewest and most; a single one may read alike both ways
MARGIN = (0.05, 0.4)  # around the text, in font sizes
CASES = (str, str.capitalize, str.title, str.upper)
LEAST_CONTRAST = 90  # of ink and paper in each colour channel, grey levels


@dataclass(frozen=True)
class TextLines:
    """lines: how many; `split` keeps the splits' random numbers apart."""

    lines: int
    seed: int
    split: int

    @property
    def targets(self) -> Indices:
        return np.arange(self.lines) % len(CLASSES)

    def name(self, index: int) -> str:
        return f"text line {index}"

    def read(self, index: int) -> Image:
        random = np.random.default_rng([self.seed, self.split, index])
        line = _typeset(random)
        # Turned before it is lit and blurred, so that these do not tell how it lies.
        return exposed(np.rot90(line, 2) if self.targets[index] else line, random)

    def read_crop(self, index: int, choose: ChooseBox, wanted: ImageInput) -> Image:
        return crop_of(self.read(index), choose, wanted)


def open_text_lines(config: Config) -> Splits:
    """Train, validation and calibration splits with the counts of the config."""
    data = config.data
    counts = (data.train_images or TRAIN_LINES, data.validation_images or VALIDATION_LINES, data.calibration_images)
    return Splits(CLASSES, *(TextLines(count, config.train.seed, split) for split, count in enumerate(counts)))


def _typeset(random: np.random.Generator) -> NDArray[np.float32]:
    """The line, upright and clean, (height, width, 3) in grey levels; words that no frame has room for are left out."""
    size = int(random.integers(*SIZES, endpoint=True))
    font = font_of(str(random.choice(FONTS)), size)
    words = CASES[random.integers(len(CASES))](phrase(random, int(random.integers(*WORDS, endpoint=True)))).split()
    left, above, right, below = (round(size * share) for share in random.uniform(*MARGIN, 4))
    while len(words) > 1 and left + font.getlength(" ".join(words)) + right > MAXIMUM_SIDE:
        words.pop()
    text = " ".join(words)
    box = font.getbbox(text)
    width, height = left + int(box[2] - box[0]) + right, above + int(box[3] - box[1]) + below
    mask = Pillow.new("L", (min(width, MAXIMUM_SIDE), height))
    ImageDraw.Draw(mask).text((left - box[0], above - box[1]), text, 255, font)
    ink, paper = _colours(random)
    share = np.asarray(mask, np.float32)[:, :, None] / 255
    return np.asarray(paper + (ink - paper) * share, np.float32)


def _colours(random: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Of ink and paper, (3,) each of 0 ... 255; as often dark on light as light on dark."""
    dark = random.uniform(0, 255 - LEAST_CONTRAST, 3)
    light = random.uniform(dark + LEAST_CONTRAST, 255)
    ink, paper = (dark, light) if random.random() < 0.5 else (light, dark)
    return ink.astype(np.float32), paper.astype(np.float32)
