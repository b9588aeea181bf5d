"""Crops of photos: from the whole picture, upright, from a JPEG decoded no larger than it takes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image

from paddle_cortexm.data.crops import Box, centre, cut
from paddle_cortexm.data.datasets import UnreadableImage
from paddle_cortexm.data.image_files import read_crop, read_picture
from paddle_cortexm.settings.image_input import ImageInput


def square(side: int) -> ImageInput:
    return ImageInput((side, side), (side, side))


def gradient(height: int, width: int) -> Image.Image:
    """Red grows to the right, green downwards."""
    down, right = np.mgrid[0:height, 0:width]
    picture = np.stack([255 * right // width, 255 * down // height, np.zeros_like(down)], axis=-1)
    return Image.fromarray(picture.astype(np.uint8))


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_a_crop_of_a_large_photo_shows_what_is_there(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"photo.{suffix}"
    gradient(1500, 2000).save(path, quality=95)
    crop = read_crop(path, lambda height, width: Box(width // 2, height // 2, width // 4, height // 4), square(100))
    middle = crop[50, 50].astype(int)
    assert abs(middle[0] - 255 * 5 / 8) < 4 and abs(middle[1] - 255 * 5 / 8) < 4


def test_a_large_jpeg_is_decoded_no_larger_than_the_crop_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gradient(1600, 1600).save(tmp_path / "photo.jpg")
    decoded: list[tuple[int, ...]] = []

    def cut_and_note(picture: np.ndarray, box: Box, wanted: ImageInput) -> np.ndarray:
        decoded.append(picture.shape[:2])
        return cut(picture, box, wanted)

    monkeypatch.setattr("paddle_cortexm.data.image_files.cut", cut_and_note)
    for side in (1600, 800, 300):
        read_crop(tmp_path / "photo.jpg", lambda *_, side=side: Box(0, 0, side, side), square(200))
    assert decoded == [(200, 200), (400, 400), (1600, 1600)]


def test_a_photo_that_lies_on_its_side_is_cropped_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    gradient(40, 60).save(tmp_path / "turned.jpg", exif=exif, quality=95)
    seen: list[tuple[int, int]] = []

    def whole(height: int, width: int) -> Box:
        seen.append((height, width))
        return Box(0, 0, width, height)

    crop = read_crop(tmp_path / "turned.jpg", whole, square(32)).astype(int)
    upright = np.asarray(read_picture(tmp_path / "turned.jpg").resize((32, 32), Image.Resampling.BILINEAR)).astype(int)
    assert seen == [(60, 40)]
    assert np.abs(crop - upright).mean() < 8


def test_a_damaged_photo_is_unreadable(tmp_path: Path) -> None:
    gradient(64, 64).save(tmp_path / "whole.jpg")
    (tmp_path / "half.jpg").write_bytes((tmp_path / "whole.jpg").read_bytes()[:700])
    with pytest.raises(UnreadableImage, match=r"half\.jpg"):
        read_crop(tmp_path / "half.jpg", lambda height, width: centre(height, width, 1), square(16))


@given(
    sides=st.tuples(st.integers(1, 400), st.integers(1, 400)), by=st.sampled_from([1, 2, 4, 8]), place=st.integers(0)
)
def test_the_box_of_a_reduced_picture_lies_inside_it(sides: tuple[int, int], by: int, place: int) -> None:
    height, width = sides
    left, top = place % width, place % height
    box = Box(left, top, width - left, height - top)
    after = (-(-height // by), -(-width // by))
    reduced = box.reduced(sides, after)
    assert reduced.left >= 0 and reduced.left + reduced.width <= after[1] and reduced.width >= 1
    assert reduced.top >= 0 and reduced.top + reduced.height <= after[0] and reduced.height >= 1
