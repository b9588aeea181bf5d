"""Lists of image files: what a line says, and what is wrong with one."""

from __future__ import annotations

from pathlib import Path

import pytest

from paddle_cortexm.data.datasets import answer_kind, class_count, why_unmeasured
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


def write_labels_lists(folder: Path, train: str, validation: str = "b.jpg\t0,1,1\n") -> None:
    (folder / "train_list.txt").write_text(train)
    (folder / "val_list.txt").write_text(validation)


def test_several_labels_an_image_are_recognised_by_the_lines(tmp_path: Path) -> None:
    write_labels_lists(tmp_path, "a b.jpg\t0,1,0\nc.jpg\t1,1,0\nd.jpg\t0,0,0\n")
    (tmp_path / "labels.txt").write_text("hat\nbag\nboots\n")
    splits = open_splits(config(tmp_path, "list", calibration_images=1))
    assert splits.have_several_labels and splits.class_names == ("hat", "bag", "boots")
    assert splits.validation.targets.tolist() == [[0, 1, 1]]
    assert len(splits.train.targets) + len(splits.calibration.targets) == 3


def test_labels_without_a_validation_list_are_split_at_random(tmp_path: Path) -> None:
    (tmp_path / "train_list.txt").write_text("".join(f"{n}.jpg {n % 2},{n // 2 % 2}\n" for n in range(20)))
    splits = open_splits(config(tmp_path, "list", calibration_images=1))
    assert splits.validation.targets.shape == (4, 2)


@pytest.mark.parametrize(
    ("train", "said"),
    [
        ("a.jpg 0,1,0\nb.jpg 7\n", r"train_list\.txt:2: 'b\.jpg 7' has one number, the lines before it have 3 labels"),
        ("a.jpg 7\nb.jpg 0,1\n", r"train_list\.txt:2: 'b\.jpg 0,1' has 2 labels, the lines before it have one number"),
        ("a.jpg 0,1,0\n\nb.jpg 0,2,0\n", r"train_list\.txt:3: a label is 1 where it holds and 0 where it does not"),
        ("a.jpg 0,,1\n", r"train_list\.txt:1: a line is 'path label'.*commas between, not 'a\.jpg 0,,1'"),
        ("a.jpg 0,1\n", r"val_list\.txt: not as many labels an image as in .*train_list\.txt"),
        ("a.jpg 1\n", r"val_list\.txt: not as many labels an image as in .*train_list\.txt"),
    ],
)
def test_lists_of_both_forms_and_labels_that_are_none_are_refused_with_the_line(
    tmp_path: Path, train: str, said: str
) -> None:
    write_labels_lists(tmp_path, train)
    with pytest.raises(UserError, match=said):
        open_splits(config(tmp_path, "list"))


@pytest.mark.parametrize("model", [{"classes": 1}, {"answer": "several"}])
def test_a_single_label_is_a_0_or_1_where_the_model_is_said_to_answer_that(
    tmp_path: Path, model: dict[str, object]
) -> None:
    write_labels_lists(tmp_path, "a.jpg 1\nc.jpg 0\n", "b.jpg 1\n")
    asked = config(tmp_path, "list", calibration_images=1)
    splits = open_splits(asked.model_copy(update={"model": asked.model.model_copy(update=model)}))
    assert splits.validation.targets.tolist() == [[1]] and splits.class_names == ("class 0",)


def test_what_the_data_have_is_what_the_model_answers_unless_the_config_says_otherwise(tmp_path: Path) -> None:
    write_labels_lists(tmp_path, "a.jpg 0,1,0\nc.jpg 1,1,0\n")
    asked = config(tmp_path, "list", calibration_images=1)
    splits = open_splits(asked)
    assert answer_kind(asked, splits) == "several" and class_count(asked, splits, "several") == 3
    with pytest.raises(UserError, match=r"labels of which several may hold, but model\.answer is one"):
        class_count(asked, splits, "one")
    with pytest.raises(UserError, match=r"model\.answer value is deployed, not trained"):
        class_count(asked, splits, "value")
    assert "model.answer is one" in why_unmeasured(asked, splits, "one")
