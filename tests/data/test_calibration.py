"""Calibration images of their own: which photos are taken, what may be absent beside them, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paddle_cortexm.config import Config
from paddle_cortexm.data.calibration import check_calibration, shared_photos
from paddle_cortexm.data.datasets import Splits, class_count, is_measurable
from paddle_cortexm.data.splits import open_splits
from paddle_cortexm.errors import UserError
from tests.data.photos import class_folders, paths, photo

TRAINED_ELSEWHERE = {"weights": "trained.pdparams", "classes": 4}


def config(model: dict[str, Any] | None = None, epochs: int = 0, precision: str = "int8", **data: Any) -> Config:
    return Config.model_validate(
        {
            "name": "photos",
            "model": {"backbone": "PPLCNet_x0_25", **(TRAINED_ELSEWHERE if model is None else model)},
            "data": data,
            "train": {"epochs": epochs},
            "quantise": {"precision": precision},
        }
    )


def photos(folder: Path, count: int = 20) -> Path:
    """So many photos at two depths, a hidden one and a text; returns the folder."""
    for number in range(count):
        photo(folder / ("deep/deeper" if number % 2 else ".") / f"{number:03d}.png", number)
    photo(folder / ".hidden" / "x.png")
    (folder / "notes.txt").write_text("nice")
    return folder


def calibration_paths(settings: Config) -> list[str]:
    calibration = open_splits(settings).calibration
    return [calibration.name(i) for i in range(len(calibration.targets))]


def refusal(settings: Config) -> str:
    with pytest.raises(UserError) as error:
        check_calibration(settings, open_splits(settings))
    return str(error.value)


def test_a_folder_gives_the_photos_at_any_depth(tmp_path: Path) -> None:
    names = calibration_paths(config(calibration=photos(tmp_path)))
    assert sorted(Path(name).name for name in names) == [f"{number:03d}.png" for number in range(20)]


def test_the_seed_chooses_at_most_calibration_images_of_them(tmp_path: Path) -> None:
    settings = config(calibration=photos(tmp_path), calibration_images=16)
    other = settings.model_copy(update={"train": settings.train.model_copy(update={"seed": 7})})
    assert len(calibration_paths(settings)) == 16 and calibration_paths(settings) == calibration_paths(settings)
    assert set(calibration_paths(settings)) != set(calibration_paths(other))


@pytest.mark.parametrize("line", ["{}", "{} 3", "{}\t12", "  {}  "])
def test_a_list_has_a_path_a_line_with_or_without_a_label(tmp_path: Path, line: str) -> None:
    names = ["a.png", "below/my photo 7.png"]
    (tmp_path / "list.txt").write_text("\n".join(line.format(name) for name in names) + "\n\n", encoding="utf-8-sig")
    found = calibration_paths(config(calibration=tmp_path / "list.txt"))
    assert sorted(found) == [str(tmp_path / name) for name in names]


def test_a_photo_that_is_listed_twice_counts_once(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("a.png 0\na.png 1\n")
    assert calibration_paths(config(calibration=tmp_path / "list.txt")) == [str(tmp_path / "a.png")]


def test_a_line_that_is_no_image_is_named_with_its_number(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("a.png\nb.doc 1\n")
    with pytest.raises(UserError, match=r"list\.txt:2: a line is the path of an image.*'b\.doc 1'"):
        open_splits(config(calibration=tmp_path / "list.txt"))


def test_a_path_without_photos_says_what_to_give(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\xff")
    answers = {"absent": "no such folder or list", "empty": "no image in it", "photo.jpg": "an image, not a list"}
    for name, said in answers.items():
        with pytest.raises(UserError, match=rf"data\.calibration: .*{name}: {said}"):
            open_splits(config(calibration=tmp_path / name))


def test_a_list_in_another_encoding_is_refused_with_the_place(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_bytes("a.png\nLöwe.png\n".encode("latin-1"))
    with pytest.raises(UserError, match=r"list\.txt:2: not UTF-8: byte 0xf6 at offset 7\."):
        open_splits(config(calibration=tmp_path / "list.txt"))


def test_photos_alone_are_enough_for_trained_weights(tmp_path: Path) -> None:
    settings = config(calibration=photos(tmp_path))
    splits = open_splits(settings)
    check_calibration(settings, splits)
    assert class_count(settings, splits, "one") == 4 and not is_measurable(settings, splits, "one")
    assert splits.shown is splits.calibration
    assert len(splits.train.targets) == len(splits.validation.targets) == 0


def test_photos_alone_do_not_say_how_many_classes_there_are(tmp_path: Path) -> None:
    settings = config({"weights": "trained.pdparams"}, calibration=photos(tmp_path))
    with pytest.raises(UserError, match=r"model\.classes is missing"):
        class_count(settings, open_splits(settings), "one")


@pytest.mark.parametrize("weights", ["pretrained", "trained.pdparams"])
def test_without_photos_trained_weights_are_not_calibrated_on_digits(weights: str) -> None:
    message = refusal(config({"weights": weights, "classes": 1000}))
    assert "data.calibration is missing" in message and weights in message and "a folder of photos" in message


def test_digits_stay_for_random_weights_for_training_on_them_and_for_floats() -> None:
    for settings in (
        config({"weights": "random", "classes": 1000}),
        config({"weights": "pretrained"}, epochs=1),
        config({"weights": "pretrained", "classes": 1000}, precision="fp32"),
    ):
        check_calibration(settings, open_splits(settings))


@pytest.mark.parametrize("kind", ["folder", "digits"])
def test_with_photos_no_training_image_is_held_out(tmp_path: Path, kind: str) -> None:
    photos(tmp_path / "photos")
    data = {"path": class_folders(tmp_path / "classes", 40), "kind": kind, "train_images": 64}
    settings = config({}, epochs=1, calibration=tmp_path / "photos", **data)
    splits = open_splits(settings)
    check_calibration(settings, splits)
    assert (len(splits.train.targets), len(splits.calibration.targets)) == (64, 20)
    if kind == "folder":
        train, validation, calibration = paths(splits)
        assert not calibration & (train | validation)


def validation_only(folder: Path, kind: str) -> Config:
    """Two labelled photos of classes 0 and 1 for validation, and calibration photos."""
    for number, name in enumerate(("cat", "dog")):
        photo(folder / "val" / name / f"{number}.png")
    (folder / "val_list.txt").write_text("val/cat/0.png 0\nval/dog/1.png 1\n")
    model = {"weights": "trained.pdparams", "classes": 4 if kind == "list" else 2}
    return config(model, calibration=photos(folder / "photos"), kind=kind, path=folder)


@pytest.mark.parametrize("kind", ["list", "folder"])
def test_with_photos_validation_images_need_no_training_images_beside_them(tmp_path: Path, kind: str) -> None:
    settings = validation_only(tmp_path, kind)
    splits: Splits = open_splits(settings)
    assert splits.validation.targets.tolist() == [0, 1] and len(splits.train.targets) == 0
    assert is_measurable(settings, splits, "one") and splits.shown is splits.validation


@pytest.mark.parametrize(("kind", "absent"), [("list", "train_list.txt"), ("folder", "train")])
@pytest.mark.parametrize("change", [{"epochs": 1}, {"method": "qat"}, {"calibration": None}], ids=str)
def test_whatever_trains_or_calibrates_on_training_images_needs_them(
    tmp_path: Path, kind: str, absent: str, change: dict[str, Any]
) -> None:
    values = validation_only(tmp_path, kind).model_dump()
    for key, value in change.items():
        values[{"epochs": "train", "method": "quantise", "calibration": "data"}[key]][key] = value
    with pytest.raises(UserError, match=rf"{absent}.*data\.calibration"):
        open_splits(Config.model_validate(values))


def test_too_few_photos_are_refused_with_their_number(tmp_path: Path) -> None:
    assert "15 photos, but int8 needs at least 16" in refusal(config(calibration=photos(tmp_path, 15)))


def test_photos_that_are_validation_images_too_are_found(tmp_path: Path) -> None:
    settings = validation_only(tmp_path, "list")
    splits = open_splits(settings)
    assert shared_photos(splits.calibration, splits.validation) == []
    (tmp_path / "photos" / "link.png").symlink_to(tmp_path / "val" / "dog" / "1.png")
    splits = open_splits(settings)
    assert shared_photos(splits.calibration, splits.validation) == [str(tmp_path / "photos" / "link.png")]


def test_photos_are_no_digits() -> None:
    digits = open_splits(config({}, epochs=1))
    assert shared_photos(digits.calibration, digits.validation) == []
    assert np.unique(digits.calibration.targets).size == 10
