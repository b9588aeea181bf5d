"""Image files of every kind become RGB frames that the device takes, or are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from paddle_cortexm.data.datasets import UnreadableImage
from paddle_cortexm.data.image_files import read_frame


def test_a_picture_larger_than_the_device_takes_is_reduced(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((600, 2048, 3), np.uint8)).save(tmp_path / "wide.png")
    assert read_frame(tmp_path / "wide.png").shape == (300, 1024, 3)


def test_a_grey_picture_with_transparency_becomes_rgb(tmp_path: Path) -> None:
    Image.new("LA", (5, 4), (90, 128)).save(tmp_path / "grey.png")
    assert read_frame(tmp_path / "grey.png").shape == (4, 5, 3)


@pytest.mark.parametrize("value", [0, 128, 129, 257, 30000, 65406, 65535])
def test_16_bit_grey_is_scaled_to_8_bits(tmp_path: Path, value: int) -> None:
    Image.fromarray(np.full((2, 3), value, np.uint16)).save(tmp_path / "deep.png")
    assert read_frame(tmp_path / "deep.png").tolist() == [[[round(value / 257)] * 3] * 3] * 2


def test_a_transparent_picture_lies_on_white(tmp_path: Path) -> None:
    Image.new("RGBA", (1, 1), (0, 0, 200, 51)).save(tmp_path / "clear.png")
    assert read_frame(tmp_path / "clear.png")[0, 0].tolist() == [204, 204, 244]
    palette = Image.new("P", (1, 1), 0)
    palette.putpalette([9, 9, 9])
    palette.save(tmp_path / "clear.gif", transparency=0)
    assert read_frame(tmp_path / "clear.gif")[0, 0].tolist() == [255, 255, 255]


@pytest.mark.parametrize("kind", ["F", "I"])
def test_a_picture_of_unknown_range_is_refused(tmp_path: Path, kind: str) -> None:
    Image.new(kind, (2, 2), 1000).save(tmp_path / "raw.tif")
    with pytest.raises(UnreadableImage, match=r"raw\.tif: 32 bits a pixel"):
        read_frame(tmp_path / "raw.tif")


def test_a_picture_too_large_to_be_one_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.new("L", (30, 30)).save(tmp_path / "bomb.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 400)
    with pytest.raises(UnreadableImage, match=r"bomb\.png"):
        read_frame(tmp_path / "bomb.png")


def test_whatever_the_decoder_stumbles_over_makes_a_file_unreadable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(_: Image.Image) -> None:
        raise AttributeError("'IFDRational' object has no attribute 'encode'")  # Pillow, at damaged EXIF data

    Image.new("L", (2, 2)).save(tmp_path / "exif.jpg")
    monkeypatch.setattr(ImageOps, "exif_transpose", stumble)
    with pytest.raises(UnreadableImage, match=r"exif\.jpg: 'IFDRational'"):
        read_frame(tmp_path / "exif.jpg")
