"""Folders of image files: classes, splits, and what a folder lacks."""

from __future__ import annotations

from pathlib import Path

import pytest

from paddle_cortexm.data.datasets import class_count
from paddle_cortexm.data.splits import open_splits
from paddle_cortexm.errors import UserError
from tests.data.photos import class_folders, config, paths, photo


def test_class_folders_alone_are_split_in_three(tmp_path: Path) -> None:
    splits = open_splits(config(class_folders(tmp_path, 20), calibration_images=8))
    train, validation, calibration = paths(splits)
    assert splits.class_names == ("cat", "dog")
    assert (len(train), len(validation), len(calibration)) == (24, 8, 8)
    assert len(train | validation | calibration) == 40


def test_a_validation_folder_is_used_whole(tmp_path: Path) -> None:
    class_folders(tmp_path / "train", 10)
    class_folders(tmp_path / "val", 3)
    _, validation, _ = paths(open_splits(config(tmp_path)))
    assert len(validation) == 6 and all("/val/" in name for name in validation)


def test_a_validation_class_that_training_lacks_is_named(tmp_path: Path) -> None:
    class_folders(tmp_path / "train", 4)
    class_folders(tmp_path / "val", 2, ("cat", "dogs"))
    with pytest.raises(UserError, match=r"dogs.*did you mean 'dog'"):
        open_splits(config(tmp_path))


def test_a_folder_without_classes_says_what_to_do(tmp_path: Path) -> None:
    photo(tmp_path / "1.png")
    with pytest.raises(UserError, match="no class folder"):
        open_splits(config(tmp_path))


def test_a_training_folder_without_a_validation_folder_is_split(tmp_path: Path) -> None:
    class_folders(tmp_path / "train", 20)
    splits = open_splits(config(tmp_path, calibration_images=8))
    assert splits.class_names == ("cat", "dog")
    assert [len(part) for part in paths(splits)] == [24, 8, 8]


def test_a_class_may_be_called_train(tmp_path: Path) -> None:
    splits = open_splits(config(class_folders(tmp_path, 10, ("bus", "test", "train"))))
    assert splits.class_names == ("bus", "test", "train")


def test_a_validation_folder_without_a_training_folder_is_no_class(tmp_path: Path) -> None:
    class_folders(tmp_path / "val", 10)
    with pytest.raises(UserError, match=r"val holds class folders, but there is no .*train"):
        open_splits(config(tmp_path))


def test_a_single_class_is_refused_before_training(tmp_path: Path) -> None:
    settings = config(class_folders(tmp_path, 10, ("cat",)))
    with pytest.raises(UserError, match="at least two classes, and there is only 'cat'"):
        class_count(settings, open_splits(settings), "one")


def test_an_empty_class_folder_is_named(tmp_path: Path) -> None:
    class_folders(tmp_path, 10)
    (tmp_path / "emu").mkdir()
    with pytest.raises(UserError, match="no image in the class folder emu"):
        open_splits(config(tmp_path))


def test_hidden_folders_are_passed_over_and_links_followed(tmp_path: Path) -> None:
    class_folders(tmp_path / "train", 10)
    class_folders(tmp_path / "val", 1)
    photo(tmp_path / "train" / "cat" / ".ipynb_checkpoints" / "copy.png")
    photo(tmp_path / "elsewhere" / "linked.png")
    (tmp_path / "train" / "cat" / "more").symlink_to(tmp_path / "elsewhere")
    splits = open_splits(config(tmp_path, calibration_images=1))
    found = {Path(name).name for part in paths(splits) for name in part}
    assert "linked.png" in found and "copy.png" not in found
