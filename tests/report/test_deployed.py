"""What stage 3 says of accuracy: where there is one, and why there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from paddle_cortexm.artefacts.deployed import DeployedMetrics
from paddle_cortexm.artefacts.quantisation import QuantisationMetrics
from paddle_cortexm.config import Config
from paddle_cortexm.data.splits import open_splits
from paddle_cortexm.errors import UserError
from paddle_cortexm.report.deployed import _labelled_logits, write_metrics
from tests.data.photos import class_folders, config, photo
from tests.tiny_model import write_tiny_model


def test_a_photo_that_vanished_since_stage_2_is_named(tmp_path: Path) -> None:
    class_folders(tmp_path / "photos", 10)
    folder = write_tiny_model(tmp_path / "model")
    split = open_splits(config(tmp_path / "photos")).validation
    assert len(list(_labelled_logits(folder, split, 1, 4, quiet=True))) == 4
    Path(split.name(2)).unlink()
    with pytest.raises(UserError, match=rf"stage 2 could read 4 of 4\. Now .*\n  {split.name(2)}\n.*02_quantize"):
        list(_labelled_logits(folder, split, 1, 4, quiet=True))
    assert len(list(_labelled_logits(folder, split, 1, 3, quiet=True))) == 3


def unmeasured(folder: Path, settings: Config) -> str:
    """What stage 3 says of accuracy where stage 2 measured none."""
    QuantisationMetrics(precision="fp32").write(folder)
    write_metrics(folder, settings, folder, (), quiet=True)
    return DeployedMetrics.read(folder).summary


def exported(**data: object) -> Config:
    model = {"backbone": "PPLCNet_x0_25", "weights": "trained.pdparams", "classes": 7}
    return Config.model_validate({"name": "photos", "model": model, "data": data, "train": {"epochs": 0}})


def test_classes_that_are_not_the_models_are_given_as_the_reason(tmp_path: Path) -> None:
    class_folders(tmp_path / "photos", 10)
    said = unmeasured(tmp_path, exported(kind="folder", path=tmp_path / "photos"))
    assert said.startswith(f"not measured: {tmp_path / 'photos'} has 2 classes, the model has 7. Give labelled images")
    assert unmeasured(tmp_path, exported()).startswith("not measured: the embedded digits have 10 classes, the model")


def test_photos_without_labels_are_given_as_the_reason(tmp_path: Path) -> None:
    photo(tmp_path / "photos" / "a.png")
    said = unmeasured(tmp_path, exported(calibration=tmp_path / "photos"))
    assert said.startswith("not measured: no image has a label. Give labelled images")
