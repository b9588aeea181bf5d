"""Stage 2 as a whole: what it says of the calibration images."""

from __future__ import annotations

from pathlib import Path

import pytest

from paddle_cortexm.artefacts.quantisation import QuantisationMetrics
from paddle_cortexm.artefacts.training import TrainingMetrics
from paddle_cortexm.config import Config
from paddle_cortexm.errors import UserError
from paddle_cortexm.quantisation.quantise import quantise
from paddle_cortexm.training.distributed.group import Group
from paddle_cortexm.training.finetune import finetune
from tests.data.photos import class_folders


def config(folder: Path) -> Config:
    """Two classes of flat photos, trained a little; calibrated on photos of which half are for validation."""
    class_folders(folder / "train", 32)
    class_folders(folder / "val", 8)
    class_folders(folder / "calibration", 8)
    names = [f"{name}/{number}.png" for name in ("cat", "dog") for number in range(8)]
    listed = "".join(f"{part}/{name}\n" for part in ("val", "calibration") for name in names)
    (folder / "photos.txt").write_text(listed)
    return Config.model_validate(
        {
            "name": "small",
            "model": {"backbone": "PPLCNet_x0_25", "image_size": 32},
            "data": {"kind": "folder", "path": folder, "calibration": folder / "photos.txt"},
            "train": {"epochs": 1, "batch_size": 16},
            "quantise": {"algorithm": "abs_max"},
        }
    )


def test_calibration_images_that_are_unlike_or_shared_are_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings, training, folder = config(tmp_path), tmp_path / "01_finetune", tmp_path / "02_quantize"
    training.mkdir()
    folder.mkdir()
    finetune(settings, training, Group(), quiet=True)
    quantise(settings, training, folder, quiet=True)
    said, metrics = capsys.readouterr().out, QuantisationMetrics.read(folder)
    assert "warning: 16 of 32 calibration images are validation images too" in said
    assert metrics.trained == metrics.floats == TrainingMetrics.read(training).validation
    assert metrics.calibration_images == 32 and metrics.batch_norm_shift is not None
    assert metrics.batch_norm_shift.is_far == ("not like those the network was trained on" in said)


def test_too_few_calibration_images_leave_nothing(tmp_path: Path) -> None:
    settings, training, folder = config(tmp_path), tmp_path / "01_finetune", tmp_path / "02_quantize"
    training.mkdir()
    folder.mkdir()
    finetune(settings, training, Group(), quiet=True)
    (tmp_path / "photos.txt").write_text("val/cat/0.png\n")
    with pytest.raises(UserError, match="1 photo, but int8 needs at least 16"):
        quantise(settings, training, folder, quiet=True)
    assert not list(folder.iterdir())


def test_a_program_with_another_accuracy_than_stage_1_s_is_refused(tmp_path: Path) -> None:
    settings, training, folder = config(tmp_path), tmp_path / "01_finetune", tmp_path / "02_quantize"
    training.mkdir()
    folder.mkdir()
    finetune(settings, training, Group(), quiet=True)
    metrics = TrainingMetrics.read(training)
    assert metrics.validation is not None
    other = metrics.validation.model_copy(update={"top1": (metrics.validation.top1 + 0.5) % 1})
    metrics.model_copy(update={"validation": other}).write(training)
    with pytest.raises(UserError, match=r"in stage 1, the program to be compiled has .* of 16, both in float"):
        quantise(settings, training, folder, quiet=True)
