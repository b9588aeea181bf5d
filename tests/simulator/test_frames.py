"""Photos in, frame files out."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from paddle_cortexm.data.image_files import image_files
from paddle_cortexm.errors import UserError
from paddle_cortexm.simulator import frames
from tests.tiny_model import demo_frame


def test_a_png_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    assert np.array_equal(frames.read_image(tmp_path / "photo.png"), pixels)


def test_grey_and_transparent_images_become_rgb(tmp_path: Path) -> None:
    Image.new("L", (3, 2), 77).save(tmp_path / "grey.png")
    Image.new("RGBA", (3, 2), (1, 2, 3, 0)).save(tmp_path / "clear.png")
    assert frames.read_image(tmp_path / "grey.png").tolist() == [[[77] * 3] * 3] * 2
    assert frames.read_image(tmp_path / "clear.png")[0, 0].tolist() == [255, 255, 255]


def test_a_photo_taken_sideways_is_turned_upright(tmp_path: Path) -> None:
    image = Image.new("RGB", (4, 2))
    exif = image.getexif()
    exif[0x0112] = 6  # orientation: turn by 90 degrees
    image.save(tmp_path / "photo.jpg", exif=exif)
    assert frames.read_image(tmp_path / "photo.jpg").shape == (4, 2, 3)


@pytest.mark.parametrize("content", [b"", b"not an image", b"\xff\xd8\xff\xe0 cut off"])
def test_a_damaged_image_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.jpg").write_bytes(content)
    with pytest.raises(UserError, match=r"bad\.jpg: .*cannot be read as an image"):
        frames.read_image(tmp_path / "bad.jpg")


def test_an_image_that_breaks_off_is_named(tmp_path: Path) -> None:
    Image.fromarray(demo_frame()).save(tmp_path / "whole.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "whole.png").read_bytes()[:400])
    with pytest.raises(UserError, match=r"cut\.png: .*cannot be read"):
        frames.read_image(tmp_path / "cut.png")


def test_a_photo_larger_than_a_frame_is_reduced_as_in_training_and_that_is_said(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (1200, 1600, 3), dtype=np.uint8)
    for name, picture in (("large.png", pixels), ("larger.png", pixels), ("small.png", pixels[:1024, :1024])):
        Image.fromarray(picture).save(tmp_path / name)
    large, larger, small = (tmp_path / name for name in ("large.png", "larger.png", "small.png"))
    assert frames.read_image(large).shape == (768, 1024, 3)
    assert np.array_equal(frames.read_image(large), image_files([(large, 0)]).read(0))
    assert frames.note_on_reduced([small]) is None
    assert str(frames.note_on_reduced([small, large, larger])).startswith(f"{large} and 1 more: reduced to 1024")


def test_a_frame_file_is_frames_with_their_sizes_in_front(tmp_path: Path) -> None:
    Image.new("RGB", (3, 2), (1, 2, 3)).save(tmp_path / "a.png")
    frames.write_frame_file(tmp_path / "frames.bin", [tmp_path / "a.png", tmp_path / "a.png"])
    one = b"RGB8" + struct.pack("<II", 3, 2) + bytes([1, 2, 3] * 6)
    assert (tmp_path / "frames.bin").read_bytes() == one * 2


def test_images_are_found_in_folders_of_classes_in_order(tmp_path: Path) -> None:
    for name in ("b/2.JPG", "a/1.png", "a/notes.txt", "0.jpeg", "c.webp"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = [str(path.relative_to(tmp_path)) for path in frames.images_below(tmp_path)]
    assert found == ["0.jpeg", "a/1.png", "b/2.JPG", "c.webp"]


def test_a_folder_without_images_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no image in it"):
        frames.images_below(tmp_path)
    with pytest.raises(UserError, match="no such folder"):
        frames.images_below(tmp_path / "nowhere")


def test_a_folder_given_for_an_image_and_an_image_for_a_folder_name_the_other_option(tmp_path: Path) -> None:
    Image.new("RGB", (3, 2)).save(tmp_path / "a.png")
    with pytest.raises(UserError, match=f"a folder.*--images {tmp_path}"):
        frames.read_image(tmp_path)
    with pytest.raises(UserError, match=r"a file.*--image .*a\.png"):
        frames.images_below(tmp_path / "a.png")
