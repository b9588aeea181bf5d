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


def test_a_byte_order_mark_is_no_part_of_the_first_path_or_name(tmp_path: Path) -> None:
    for name in ("train_list.txt", "val_list.txt"):
        (tmp_path / name).write_text("a.jpg 0\r\nb.jpg 1\r\n", encoding="utf-8-sig")
    (tmp_path / "labels.txt").write_text("Löwe\n猫\n", encoding="utf-8-sig")
    splits = open_splits(config(tmp_path, "list", calibration_images=1))
    assert splits.class_names == ("Löwe", "猫")
    assert {splits.validation.name(i) for i in range(2)} == {str(tmp_path / name) for name in ("a.jpg", "b.jpg")}


@pytest.mark.parametrize("name", ["train_list.txt", "val_list.txt", "labels.txt"])
@pytest.mark.parametrize(("encoding", "text"), [("latin-1", "Löwe 0\n"), ("gbk", "花 0\n"), ("utf-16", "c 0\n")])
def test_a_file_in_another_encoding_is_refused_with_the_place_and_the_way_out(
    tmp_path: Path, name: str, encoding: str, text: str
) -> None:
    for other in ("train_list.txt", "val_list.txt"):
        (tmp_path / other).write_text("a.jpg 0\n")
    (tmp_path / name).write_bytes(b"a.jpg 0\n" + text.encode(encoding))
    with pytest.raises(UserError, match=rf"{name}:2: not UTF-8: byte 0x.. at offset \d+\. .*iconv .*{name}"):
        open_splits(config(tmp_path, "list"))


def test_only_line_ends_divide_lines(tmp_path: Path) -> None:
    for name in ("train_list.txt", "val_list.txt"):
        (tmp_path / name).write_text("a\u2028b.jpg 0\n", encoding="utf-8")
    splits = open_splits(config(tmp_path, "list"))
    assert splits.validation.name(0) == str(tmp_path / "a\u2028b.jpg")
