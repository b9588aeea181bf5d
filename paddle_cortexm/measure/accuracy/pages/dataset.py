"""The pages as a data set in PaddleClas's format, for a network that tells how a document lies.

A class is the quarter turns, clockwise, by which the page lies wrong: the sense of PaddleClas's document orientation,
whose class names are these turns in degrees.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from paddle_cortexm.data.image_list import LABELS, TRAIN_LIST, VALIDATION_LIST
from paddle_cortexm.data.preprocessing import Image
from paddle_cortexm.measure.accuracy.pages.camera import photographed
from paddle_cortexm.measure.accuracy.pages.typesetting import draw_page
from paddle_cortexm.progress import progress

CLASSES = ("0", "90", "180", "270")
COUNTS = {TRAIN_LIST: 128, VALIDATION_LIST: 400}  # the former for calibration
JPEG_QUALITIES = (15, 90)
SEEDS = {TRAIN_LIST: 1, VALIDATION_LIST: 2}  # of different text and different cameras


@dataclass(frozen=True)
class Page:
    """A photo of a page, RGB, its class, and the quality its file is compressed with."""

    photo: Image
    turn: int
    jpeg_quality: int

    @staticmethod
    def drawn(seed: int, number: int) -> Page:
        """Page `number` of a list; classes take turns."""
        random = np.random.default_rng([seed, number])
        turn = number % len(CLASSES)
        photo = photographed(np.asarray(draw_page(random)), turn, random)
        return Page(photo, turn, int(random.integers(*JPEG_QUALITIES)))


def write_pages(folder: Path, *, quiet: bool = False) -> None:
    """Make the folder: the pages, as JPEG, with the lists and labels that data.kind `list` reads. It gets its name when
    all is there."""
    work = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(work, ignore_errors=True)
    for name, count in COUNTS.items():
        pages = work / Path(name).stem
        pages.mkdir(parents=True)
        lines = []
        for number in progress(range(count), f"pages of {name}", quiet=quiet, unit="page"):
            page = Page.drawn(SEEDS[name], number)
            path = pages / f"{number:04d}.jpg"
            Pillow.fromarray(page.photo).save(path, quality=page.jpeg_quality)
            lines.append(f"{path.relative_to(work)} {page.turn}\n")
        (work / name).write_text("".join(lines), encoding="utf-8")
    (work / LABELS).write_text("\n".join(CLASSES) + "\n", encoding="utf-8")
    work.rename(folder)
