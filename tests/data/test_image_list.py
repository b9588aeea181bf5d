"""Lists of image files: what a line says, and what is wrong with one."""

from __future__ import annotations

from pathlib import Path

import pytest

from paddle_cortexm.data.splits import open_splits
from paddle_cortexm.errors import UserError
from tests.data.photos import config, photo


def test_lists_name_paths_and_class_numbers(tmp_path: Path) -> None:
    for number in range(8):
        photo(tmp_path / f"{number}.jpg")
    (tmp_path / "train_list.txt").write_text("".join(f"{n}.jpg {n % 2}\n" for n in range(6)))
    (tmp_path / "val_list.txt").write_text("6.jpg 0\n7.jpg 1\n")
    (tmp_path / "labels.txt").write_text("even\nodd\n")
    splits = open_splits(config(tmp_path, "list", calibration_images=1))
    assert splits.class_names == ("even", "odd")
    assert splits.validation.targets.tolist() == [0, 1]
    assert (len(splits.train.targets), len(splits.calibration.targets)) == (5, 1)


def test_a_bad_line_of_a_list_is_named_with_its_number(tmp_path: Path) -> None:
    (tmp_path / "train_list.txt").write_text("a.jpg 0\nb.jpg cat\n")
    with pytest.raises(UserError, match=r"train_list\.txt:2: .*'b\.jpg cat'"):
        open_splits(config(tmp_path, "list"))
