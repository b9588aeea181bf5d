"""Which files are taken for images, in training and on the target alike."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePath

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".ppm", ".gif", ".tif", ".tiff"})


def is_image(path: PurePath | str) -> bool:
    """By its suffix; hidden files are none."""
    name = PurePath(path).name
    return PurePath(name).suffix.lower() in SUFFIXES and not name.startswith(".")


def images_below(folder: Path | str) -> Iterator[os.DirEntry[str]]:
    """Every image below the folder at any depth, in no order; links are followed, hidden folders passed over."""
    for entry in os.scandir(folder):
        if entry.is_dir() and not entry.name.startswith("."):
            yield from images_below(entry.path)
        elif is_image(entry.name) and entry.is_file():
            yield entry
