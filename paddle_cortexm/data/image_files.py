"""Images that are files on disk: reading them, and a data set of paths with class numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import ExifTags, ImageOps
from PIL import Image as Pillow

from paddle_cortexm.data.crops import ChooseBox, cut, cut_size
from paddle_cortexm.data.datasets import Indices, UnreadableImage
from paddle_cortexm.data.preprocessing import Image
from paddle_cortexm.settings.image_input import ImageInput
from paddle_cortexm.target import MAXIMUM_SIDE

LYING = (5, 6, 7, 8)  # EXIF orientations whose rows are the picture's columns


@dataclass(frozen=True)
class ImageFiles:
    """paths and targets: one of each an image."""

    paths: tuple[Path, ...]
    targets: Indices

    def name(self, index: int) -> str:
        return str(self.paths[index])

    def open(self, index: int) -> None:
        """Read the head of the file only: a fifteenth of the time, and it finds what is missing or no image, but not
        what is cut off or damaged further on. Raises UnreadableImage."""
        with _opened(self.paths[index]):
            pass

    def read(self, index: int) -> Image:
        return read_frame(self.paths[index])

    def read_crop(self, index: int, choose: ChooseBox, wanted: ImageInput) -> Image:
        return read_crop(self.paths[index], choose, wanted)

    def subset(self, indices: Indices) -> ImageFiles:
        return ImageFiles(tuple(self.paths[i] for i in indices), self.targets[indices])


def image_files(labelled: Sequence[tuple[Path, int]]) -> ImageFiles:
    """A data set of (path, class number) pairs."""
    return ImageFiles(tuple(path for path, _ in labelled), np.array([target for _, target in labelled], np.int64))


NO_IMAGES = image_files([])


def read_frame(path: Path) -> Image:
    """An image file as RGB, (height, width, 3) uint8, upright. What is larger than 1024 pixels, more than the device
    takes, is first reduced to fit: in training, on the host and for the device alike. Raises UnreadableImage, which
    names the file."""
    picture = read_picture(path)
    picture.thumbnail((MAXIMUM_SIDE, MAXIMUM_SIDE), Pillow.Resampling.BILINEAR)
    return np.asarray(picture)


def is_reduced(path: Path) -> bool:
    """Whether read_frame reduces it. Raises UnreadableImage, which names the file."""
    with _opened(path) as file:
        return max(file.size) > MAXIMUM_SIDE


def read_crop(path: Path, choose: ChooseBox, wanted: ImageInput) -> Image:
    """The box that `choose` takes out of the upright picture, whatever its size, resized to crops.cut_size, RGB uint8.

    A JPEG is decoded at a half, a quarter or an eighth where the box still has as many pixels then, which is several
    times faster for a camera's photos. Raises UnreadableImage, which names the file.
    """
    with _opened(path) as file:
        upright = file.size if file.getexif().get(ExifTags.Base.Orientation, 1) in LYING else file.size[::-1]
        box = choose(*upright)
        height, width = cut_size(box, wanted)
        reduction = max(1, min(box.width // width, box.height // height))
        file.draft(None, (file.size[0] // reduction, file.size[1] // reduction))
        picture = np.asarray(_upright_rgb(file))
    return cut(picture, box.reduced(upright, picture.shape[:2]), wanted)


def read_picture(path: Path) -> Pillow.Image:
    """An image file of any size as 8-bit RGB, upright as its EXIF data says; the first one of several.

    16-bit grey is scaled to 8 bits; what is transparent is laid over white. Raises UnreadableImage, which names the
    file, when it is no image, is damaged, or is so large that it may be meant to fill the memory.
    """
    with _opened(path) as file:
        return _upright_rgb(file)


@contextmanager
def _opened(path: Path) -> Iterator[Pillow.Image]:
    try:
        with Pillow.open(path) as file:
            yield file
    except MemoryError:
        raise
    except Exception as error:  # Pillow may raise anything at a damaged file, also AttributeError at its EXIF data
        raise UnreadableImage(f"{path}: {error}") from None


def _upright_rgb(file: Pillow.Image) -> Pillow.Image:
    picture = ImageOps.exif_transpose(file)
    if picture.mode in ("I", "F"):
        raise ValueError("32 bits a pixel, of unknown range; save it with 8 or 16")
    if picture.mode.startswith("I;16"):  # Pillow's own conversion clips at 255
        grey = np.asarray(picture).astype(np.uint32)
        return Pillow.fromarray(((grey + 128) // 257).astype(np.uint8)).convert("RGB")
    if picture.has_transparency_data:
        white = Pillow.new("RGBA", picture.size, "white")
        return Pillow.alpha_composite(white, picture.convert("RGBA")).convert("RGB")
    return picture.convert("RGB")
