"""Which files are taken for images, in training and on the target alike."""

from __future__ import annotations

from pathlib import PurePath

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".ppm", ".gif", ".tif", ".tiff"})


def is_image(path: PurePath | str) -> bool:
    """By its suffix; hidden files are none."""
    name = PurePath(path).name
    return PurePath(name).suffix.lower() in SUFFIXES and not name.startswith(".")
