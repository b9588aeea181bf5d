"""Frames: photos read from files, and the frame files that the program on the target reads by semihosting.

A frame file is a sequence of frames: b"RGB8", width and height (little-endian uint32), then height x width x 3 bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from paddle_cortexm.data.datasets import UnreadableImage
from paddle_cortexm.data.files.image_names import SUFFIXES, is_image
from paddle_cortexm.data.image_files import is_reduced, read_frame
from paddle_cortexm.data.pixels import check_unreadable
from paddle_cortexm.data.preprocessing import Image as Frame
from paddle_cortexm.errors import UserError
from paddle_cortexm.progress import progress
from paddle_cortexm.target import MAXIMUM_SIDE

MAGIC = b"RGB8"
MANY = 50  # photos from which on reading them shows its progress


def read_image(path: Path) -> Frame:
    """An image file as an RGB frame, (height, width, 3) uint8, upright, reduced as in training where it is larger than
    the device's frames.

    Raises UserError that names the file when it is missing, not an image, or damaged.
    """
    if path.is_dir():
        raise UserError(f"{path}: a folder, not an image. For the images in it: --images {path}")
    if not path.is_file():
        raise UserError(f"{path}: no such image")
    try:
        return read_frame(path)
    except UnreadableImage as error:
        raise UserError(f"{error}. It cannot be read as an image ({', '.join(sorted(SUFFIXES))})") from None


def note_on_reduced(images: Sequence[Path]) -> str | None:
    """What to say of readable images that are larger than the device's frames; None where all fit."""
    larger = [path for path in images if is_reduced(path)]
    if not larger:
        return None
    others = f" and {len(larger) - 1} more" if len(larger) > 1 else ""
    return f"{larger[0]}{others}: reduced to {MAXIMUM_SIDE} pixels first, as in training, for the host and the target"


def images_below(folder: Path) -> list[Path]:
    """Every image below the folder, in order of their paths. Raises UserError when there is none."""
    if folder.is_file():
        raise UserError(f"{folder}: a file, not a folder. For one image: --image {folder}")
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder")
    found = sorted(path for path in folder.rglob("*") if is_image(path) and path.is_file())
    if not found:
        raise UserError(f"{folder}: no image in it ({', '.join(sorted(SUFFIXES))})")
    return found


def usable(images: Sequence[Path], *, quiet: bool = False) -> tuple[list[Path], list[str]]:
    """The images that can be read, and a message for each of the others.

    Raises UserError when none is left, or when more than one, and more than 1 %, cannot be read.
    """
    good: list[Path] = []
    bad: list[str] = []
    for path in progress(images, "photos", quiet=quiet) if len(images) >= MANY else images:
        try:
            read_image(path)
        except UserError as error:
            bad.append(str(error))
        else:
            good.append(path)
    check_unreadable(bad, len(images), "photos", tolerated=1 if good else 0)
    return good, bad


def encode(frame: Frame) -> bytes:
    """One frame as it stands in a frame file."""
    height, width, _ = frame.shape
    return MAGIC + struct.pack("<2I", width, height) + np.ascontiguousarray(frame).tobytes()


def write_frame_file(path: Path, images: Iterable[Path]) -> None:
    """Read the images one by one into a frame file."""
    with path.open("wb") as file:
        for image in images:
            file.write(encode(read_image(image)))
