"""Stage 1's training: resuming, several processes, exporting weights as they are."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import paddle
import pytest
from PIL import Image

from paddle_cortexm.artefacts.training import TrainingMetrics
from paddle_cortexm.config import Config
from paddle_cortexm.errors import UserError
from paddle_cortexm.networks.build import build
from paddle_cortexm.paths import REPOSITORY
from paddle_cortexm.training import checkpoint as checkpoints
from paddle_cortexm.training.distributed.group import Group
from paddle_cortexm.training.distributed.launcher import STARTER, WORKER, launch
from paddle_cortexm.training.finetune import CHECKPOINT_FOLDER, finetune
from tests.data.photos import photo

ALONE = os.environ | {"PYTHONPATH": str(REPOSITORY), STARTER: str(os.getpid())}


def config(**train: Any) -> Config:
    settings = {"epochs": 3, "batch_size": 16, "optimiser": "adamw", "learning_rate": 0.003, "warmup_epochs": 0}
    return Config.model_validate(
        {
            "name": "small",
            "model": {"backbone": "PPLCNet_x0_25", "image_size": 32},
            "data": {"train_images": 96, "validation_images": 20, "calibration_images": 16},
            "train": settings | train,
        }
    )


def trained(settings: Config, folder: Path) -> dict[str, np.ndarray]:
    folder.mkdir(parents=True, exist_ok=True)
    with paddle.utils.unique_name.guard():  # parameters are named as in a process of their own
        finetune(settings, folder, Group(), quiet=True)
    return {name: value.numpy() for name, value in paddle.load(str(folder / "model.pdparams")).items()}


def assert_equal(first: dict[str, np.ndarray], second: dict[str, np.ndarray]) -> None:
    assert first.keys() == second.keys()
    for name in first:
        np.testing.assert_array_equal(first[name], second[name], err_msg=name)


class Interrupted(Exception):
    """Stands for Ctrl-C."""


EVERYTHING = {"mixup": 0.2, "cutmix": 1.0, "random_erasing": 0.5, "class_weights": "balanced", "frozen_epochs": 1}
KEEPING = {"ema": 0.9, "early_stopping": 2}


@pytest.mark.parametrize("recipe", [{}, EVERYTHING | KEEPING], ids=["plain", "everything"])
def test_a_resumed_run_ends_with_the_weights_of_an_unbroken_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], recipe: dict[str, Any]
) -> None:
    unbroken = trained(config(**recipe), tmp_path / "a" / "01_finetune")
    save = checkpoints.Checkpoint.save

    def save_and_stop(self: checkpoints.Checkpoint, state: Any, epochs: list[Any]) -> None:
        save(self, state, epochs)
        if len(epochs) == 2:
            raise Interrupted

    monkeypatch.setattr(checkpoints.Checkpoint, "save", save_and_stop)
    with pytest.raises(Interrupted):
        trained(config(**recipe), tmp_path / "b" / "01_finetune")
    monkeypatch.undo()
    assert_equal(trained(config(**recipe), tmp_path / "b" / "01_finetune"), unbroken)
    assert "resumed after epoch 2 of 3" in capsys.readouterr().out


def test_a_run_killed_outright_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    settings = config(epochs=5, workers=1)
    unbroken, folder = trained(settings, tmp_path / "a" / "01_finetune"), tmp_path / "b" / "01_finetune"
    folder.mkdir(parents=True)
    (tmp_path / "config.json").write_text(settings.model_dump_json())
    worker = subprocess.Popen([sys.executable, WORKER, tmp_path / "config.json", folder], env=ALONE)
    while not (tmp_path / "b" / CHECKPOINT_FOLDER / checkpoints.FILE).exists() and worker.poll() is None:
        time.sleep(0.05)
    worker.kill()
    assert worker.wait() == -signal.SIGKILL
    assert_equal(trained(settings, folder), unbroken)


def test_a_teacher_changes_what_is_learned(tmp_path: Path) -> None:
    trained(config(), tmp_path / "teacher" / "01_finetune")
    weights = str(tmp_path / "teacher" / "01_finetune" / "model.pdparams")
    teacher = {"backbone": "PPLCNet_x0_25", "weights": weights, "share": 1}
    like_teacher = trained(config(epochs=1, teacher=teacher), tmp_path / "student" / "01_finetune")
    like_labels = trained(config(epochs=1), tmp_path / "alone" / "01_finetune")
    assert any(not np.array_equal(like_teacher[name], like_labels[name]) for name in like_labels)


def test_training_stops_when_validation_gets_no_better(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = config(epochs=9, learning_rate=1e-9, early_stopping=2)  # nothing changes
    trained(settings, tmp_path / "01_finetune")
    said = capsys.readouterr().out
    assert len(TrainingMetrics.read(tmp_path / "01_finetune").epochs) < 9
    assert "no better validation accuracy for 2 epochs" in said and "kept the weights of epoch" in said


def test_a_checkpoint_of_other_settings_is_ignored(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trained(config(epochs=1), tmp_path / "01_finetune")
    trained(config(epochs=2, learning_rate=0.001), tmp_path / "01_finetune")
    assert "resumed" not in capsys.readouterr().out


def test_training_lowers_the_loss_and_leaves_its_papers(tmp_path: Path) -> None:
    trained(config(), tmp_path / "01_finetune")
    metrics = TrainingMetrics.read(tmp_path / "01_finetune")
    losses = [epoch.loss for epoch in metrics.epochs]
    assert losses[-1] < losses[0]
    assert metrics.images == {"train": 96, "validation": 20, "calibration": 16}
    assert (tmp_path / "01_finetune" / "labels.txt").read_text().split() == list("0123456789")
    for name in ("demo.png", "learning_curve.png"):
        assert (tmp_path / "01_finetune" / name).read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("recipe", [{}, EVERYTHING | KEEPING], ids=["plain", "everything"])
def test_two_processes_train_one_model(tmp_path: Path, recipe: dict[str, Any]) -> None:
    settings, folder = config(processes=2, epochs=2, **recipe), tmp_path / "01_finetune"
    folder.mkdir()
    launch(settings, folder, quiet=True)
    together = TrainingMetrics.read(folder).epochs
    trained(config(epochs=2, **recipe), tmp_path / "alone" / "01_finetune")
    alone = TrainingMetrics.read(tmp_path / "alone" / "01_finetune").epochs
    assert [epoch.learning_rate for epoch in together] == [epoch.learning_rate for epoch in alone]
    for one, two in zip(alone, together, strict=True):
        assert two.loss == pytest.approx(one.loss, rel=0.1)  # batch norm sees half a batch each


def test_a_failing_process_ends_the_run_with_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"(?s)2 process.* failed.*error: train.batch_size 15 is not a multiple"):
        launch(config(batch_size=15, processes=2), tmp_path / "01_finetune", quiet=True)


def test_no_epochs_export_the_weights_as_they_are(tmp_path: Path) -> None:
    untrained = config(epochs=0).model_copy(update={"model": config().model.model_copy(update={"weights": "random"})})
    first, second = trained(untrained, tmp_path / "a"), trained(untrained, tmp_path / "b")
    assert_equal(first, second)
    assert TrainingMetrics.read(tmp_path / "a").epochs == ()


def test_with_calibration_photos_alone_trained_weights_are_exported_and_one_of_the_photos_is_the_demo(
    tmp_path: Path,
) -> None:
    trained(config(epochs=1), tmp_path / "before")
    for number in range(16):
        photo(tmp_path / "photos" / f"{number}.png", 10 * number)
    values = config(epochs=0).model_dump()
    values["model"] |= {"weights": str(tmp_path / "before" / "model.pdparams"), "classes": 10}
    values["data"]["calibration"] = tmp_path / "photos"
    trained(Config.model_validate(values), tmp_path / "after")
    metrics = TrainingMetrics.read(tmp_path / "after")
    assert metrics.images == {"train": 0, "validation": 0, "calibration": 16} and metrics.validation is None
    demo = np.asarray(Image.open(tmp_path / "after" / "demo.png"))
    assert demo.shape == (20, 24, 3) and np.unique(demo).size == 1


def test_no_epochs_do_not_export_a_classifier_that_nothing_trained(tmp_path: Path) -> None:
    weights = str(tmp_path / "seven.pdparams")
    paddle.save(build("PPLCNet_x0_25", 7).network.state_dict(), weights)
    settings = config(epochs=0).model_copy(update={"model": config().model.model_copy(update={"weights": weights})})
    fp32 = settings.model_copy(update={"quantise": settings.quantise.model_copy(update={"precision": "fp32"})})
    with pytest.raises(UserError, match="a classifier for 7 classes, the model has 10 classes"):
        trained(fp32, tmp_path / "01_finetune")
    assert not (tmp_path / "01_finetune" / "model.pdparams").exists()


def test_classes_that_do_not_fit_the_data_are_refused(tmp_path: Path) -> None:
    settings = config().model_copy(update={"model": config().model.model_copy(update={"classes": 7})})
    with pytest.raises(UserError, match=r"model\.classes is 7, but the data has 10 classes"):
        trained(settings, tmp_path)


def test_a_run_that_diverges_says_so_and_writes_no_model(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"diverged in epoch \d: .*lower learning_rate|answers are not finite"):
        trained(config(learning_rate=1e30, optimiser="momentum"), tmp_path / "01_finetune")
    assert not (tmp_path / "01_finetune" / "model.pdparams").exists()
