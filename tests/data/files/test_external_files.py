"""What of the files a config names makes a stage run again."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from paddle_cortexm.config import Config
from paddle_cortexm.data.files.external_files import external_files
from paddle_cortexm.errors import UserError
from paddle_cortexm.stage import input_folder, run_stage


@pytest.fixture(autouse=True)
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two classes of one photo each, in the folder of the test."""
    monkeypatch.chdir(tmp_path)
    for name in ("cat", "dog"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        (tmp_path / "photos" / name / "1.jpg").write_bytes(b"photo")
    return tmp_path / "photos"


def config(kind: str = "folder", **model: str) -> Config:
    values: dict[str, Any] = {"backbone": "PPLCNet_x0_25", **model}
    return Config.model_validate({"name": "small", "model": values, "data": {"kind": kind, "path": "photos"}})


def work(folder: Path) -> None:
    (folder / "result.txt").write_text("made")


def test_a_photo_added_changed_or_moved_to_another_class_is_noticed(photos: Path) -> None:
    seen = {external_files(config())["data.path"]}
    (photos / "cat" / "2.jpg").write_bytes(b"another")
    seen.add(external_files(config())["data.path"])
    (photos / "cat" / "2.jpg").write_bytes(b"a larger one")
    seen.add(external_files(config())["data.path"])
    (photos / "cat" / "2.jpg").rename(photos / "dog" / "2.jpg")
    seen.add(external_files(config())["data.path"])
    assert len(seen) == 4


def test_files_that_are_no_images_and_times_do_not_count(photos: Path) -> None:
    before = external_files(config())
    (photos / "cat" / "notes.txt").write_text("nice")
    (photos / "cat" / ".hidden.jpg").write_bytes(b"x")
    (photos / "cat" / "1.jpg").touch()
    assert external_files(config()) == before


def test_a_list_is_read_whole(photos: Path) -> None:
    (photos / "train_list.txt").write_text("cat/1.jpg 0\ndog/1.jpg 1\n")
    before = external_files(config("list"))
    (photos / "train_list.txt").write_text("cat/1.jpg 1\ndog/1.jpg 0\n")
    assert external_files(config("list")) != before


@pytest.mark.parametrize("source", ["calibration", "calibration.txt"])
def test_other_calibration_photos_make_stage_2_stale_and_leave_training_as_it_is(source: str) -> None:
    def change(text: str) -> None:
        Path("calibration").mkdir(exist_ok=True)
        Path("calibration", f"{text}.jpg").write_bytes(b"photo")
        Path("calibration.txt").write_text(f"calibration/{text}.jpg\n")

    change("first")
    settings = config("digits")
    settings = settings.model_copy(update={"data": settings.data.model_copy(update={"calibration": Path(source)})})
    for stage in ("01_finetune", "02_quantize"):
        run_stage(settings, stage, work)
    change("other")
    assert not run_stage(settings, "01_finetune", work)[1]
    with pytest.raises(UserError, match=r"stale: what data\.calibration names changed.*Run \./02_quantize\.py"):
        input_folder(settings, "02_quantize")
    assert run_stage(settings, "02_quantize", work)[1]


@pytest.mark.parametrize("key", ["weights", "labels"])
def test_other_bytes_in_a_named_file_redo_training_and_make_its_result_stale(key: str) -> None:
    Path("named").write_text("first")
    settings = config("digits", **{key: "named"})
    run_stage(settings, "01_finetune", work)
    assert not run_stage(settings, "01_finetune", work)[1]
    Path("named").write_text("other")
    with pytest.raises(UserError, match=rf"stale: what model\.{key} names changed.*Run \./01_finetune\.py"):
        input_folder(settings, "01_finetune")
    assert run_stage(settings, "01_finetune", work)[1]


def test_results_serve_where_the_photos_are_not(photos: Path) -> None:
    run_stage(config(), "01_finetune", work)
    shutil.rmtree(photos)
    assert input_folder(config(), "01_finetune") and not run_stage(config(), "01_finetune", work)[1]


def test_a_teacher_s_weights_are_files_of_training(tmp_path: Path) -> None:
    (tmp_path / "teacher.pdparams").write_bytes(b"weights")
    teacher = {"backbone": "ResNet50_vd", "weights": "teacher.pdparams"}
    settings = config().model_dump(mode="json") | {"train": {"teacher": teacher}}
    before = external_files(Config.model_validate(settings))
    (tmp_path / "teacher.pdparams").write_bytes(b"others")
    after = external_files(Config.model_validate(settings))
    assert before["train.teacher.weights"] != after["train.teacher.weights"]
