"""Folders and lists of image files: classes, splits, and what happens to files that cannot be used."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from paddle_cortexm.config import Config
from paddle_cortexm.data.datasets import Splits, UnreadableImage, class_count
from paddle_cortexm.data.file_splits import check_calibration
from paddle_cortexm.data.image_files import read_frame
from paddle_cortexm.data.pixels import load_pixels
from paddle_cortexm.data.splits import LabelledFrames, open_splits
from paddle_cortexm.errors import UserError


def config(path: Path, kind: str = "folder", **data: int) -> Config:
    values = {"kind": kind, "path": path, **data}
    return Config.model_validate({"name": "photos", "model": {"backbone": "PPLCNet_x0_25"}, "data": values})


def photo(path: Path, value: int = 100) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((20, 24, 3), value, np.uint8)).save(path)


def class_folders(folder: Path, images: int, classes: tuple[str, ...] = ("cat", "dog")) -> Path:
    for name in classes:
        for number in range(images):
            photo(folder / name / f"{number}.png")
    return folder


def paths(splits: Splits) -> list[set[str]]:
    parts = (splits.train, splits.validation, splits.calibration)
    return [{part.name(i) for i in range(len(part.targets))} for part in parts]


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
        class_count(settings, open_splits(settings))


def test_an_empty_class_folder_is_named(tmp_path: Path) -> None:
    class_folders(tmp_path, 10)
    (tmp_path / "emu").mkdir()
    with pytest.raises(UserError, match="no image in the class folder emu"):
        open_splits(config(tmp_path))


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


def test_frames_to_measure_leave_out_what_cannot_be_read(tmp_path: Path) -> None:
    class_folders(tmp_path / "train", 4)
    class_folders(tmp_path / "val", 3)
    (tmp_path / "val" / "dog" / "1.png").write_bytes(b"")
    assert len(LabelledFrames(open_splits(config(tmp_path)).validation)) == 5


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
