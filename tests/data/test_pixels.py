"""Images that cannot be read: a few are left out and named, more stop the run."""

from __future__ import annotations

from pathlib import Path

import pytest

from paddle_cortexm.data.pixels import load_pixels
from paddle_cortexm.data.splits import open_splits
from paddle_cortexm.errors import UserError
from tests.data.photos import class_folders, config


def test_one_unreadable_image_in_a_hundred_is_left_out_and_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class_folders(tmp_path / "train", 60)
    class_folders(tmp_path / "val", 1)
    (tmp_path / "train" / "cat" / "7.png").write_bytes(b"not a picture")
    train = open_splits(config(tmp_path, calibration_images=1)).train
    pixels = load_pixels(train, 16, 16, "training images", quiet=True)
    assert len(pixels) == len(train.targets) - 1
    assert "7.png" in capsys.readouterr().out


def test_more_unreadable_images_stop_the_run(tmp_path: Path) -> None:
    class_folders(tmp_path / "train", 10)
    class_folders(tmp_path / "val", 1)
    (tmp_path / "train" / "cat" / "7.png").write_bytes(b"not a picture")
    train = open_splits(config(tmp_path, calibration_images=1)).train
    with pytest.raises(UserError, match=r"(?s)1 of 19 images cannot be used.*7\.png.*more than 1%"):
        load_pixels(train, 16, 16, "training images", quiet=True)
