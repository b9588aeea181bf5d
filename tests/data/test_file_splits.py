"""Files in splits: how many images are needed of a class, and for calibration."""

from __future__ import annotations

from pathlib import Path

import pytest

from paddle_cortexm.data.calibration import check_calibration
from paddle_cortexm.data.splits import open_splits
from paddle_cortexm.errors import UserError
from tests.data.photos import class_folders, config


@pytest.mark.parametrize("images", range(1, 6))
def test_too_few_images_to_split_say_how_many_are_needed(tmp_path: Path, images: int) -> None:
    settings = config(class_folders(tmp_path, images))
    if images >= 3:
        assert len(open_splits(settings).validation.targets) == 2
        return
    with pytest.raises(UserError, match=r"no image for the validation split.*until a class has 3"):
        open_splits(settings)


def test_too_few_calibration_images_say_how_many_training_images_are_needed(tmp_path: Path) -> None:
    class_folders(tmp_path / "train", 31)
    class_folders(tmp_path / "val", 1)
    settings = config(tmp_path)
    with pytest.raises(UserError, match=r"15 images are left.*at most 25% of them: have 64 training images"):
        check_calibration(settings, open_splits(settings))
    class_folders(tmp_path / "train", 32)
    check_calibration(settings, open_splits(settings))


def test_too_few_calibration_images_asked_for_name_the_key(tmp_path: Path) -> None:
    settings = config(class_folders(tmp_path, 60), calibration_images=8)
    with pytest.raises(UserError, match=r"data\.calibration_images: 8, but int8 needs at least 16"):
        check_calibration(settings, open_splits(settings))
