"""Stage 1 for an exported program: made plain and measured, or refused with what to write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import paddle
import pytest
from paddle.nn import functional
from PIL import Image

from paddle_cortexm.artefacts.answers import Answers
from paddle_cortexm.artefacts.training import LabelScores, ProgramScales, TrainingMetrics, read_labels
from paddle_cortexm.compiler.frontend.load import load_graph
from paddle_cortexm.config import Config
from paddle_cortexm.data.files.external_files import external_files
from paddle_cortexm.errors import UserError
from paddle_cortexm.training.exported_program import as_logits, take_program
from tests.compiler.frontend.exported_programs import MEAN, SIDE, STD, export, post_training_quantised


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    random = np.random.default_rng(0)
    for split in ("train", "val"):
        for name in "abcde":
            folder = tmp_path / "photos" / split / name
            folder.mkdir(parents=True)
            for number in range(16):
                pixels = random.integers(0, 256, (SIDE, SIDE, 3), np.uint8)
                Image.fromarray(pixels).save(folder / f"{number}.png")
    return tmp_path / "photos"


def config(program: Path, photos: Path, *, size: int = SIDE, data: dict[str, Any] | None = None) -> Config:
    given = {"kind": "folder", "path": photos, **(data or {})}
    return Config.model_validate({"name": "program", "model": {"program": program, "image_size": size}, "data": given})


def folder_of(tmp_path: Path, name: str) -> Path:
    (tmp_path / name).mkdir()
    return tmp_path / name


def test_it_writes_the_plain_program_its_labels_and_its_accuracy(tmp_path: Path, photos: Path) -> None:
    stem, folder = export(folder_of(tmp_path, "exported")), folder_of(tmp_path, "stage")
    take_program(config(stem, photos), folder, quiet=True)
    measured = TrainingMetrics.read(folder)
    assert measured.validation is not None and measured.validation.images == 80 and not measured.epochs
    assert read_labels(folder) == list("abcde") and (folder / "demo.png").is_file()
    assert load_graph(folder).input == "image" and not (folder / ProgramScales.file).exists()


def test_scales_of_a_quantised_program_are_handed_on(tmp_path: Path, photos: Path) -> None:
    stem, folder = post_training_quantised(folder_of(tmp_path, "slim"), onnx_format=True), folder_of(tmp_path, "stage")
    take_program(config(stem, photos), folder, quiet=True)
    assert ProgramScales.read(folder).thresholds["image"] > 0


def test_another_size_is_refused_with_the_size_to_write(tmp_path: Path, photos: Path) -> None:
    stem = export(folder_of(tmp_path, "exported"))
    with pytest.raises(UserError, match=r"model\.image_size: the program takes images of \[16, 16\]"):
        take_program(config(stem, photos, size=32), tmp_path, quiet=True)


def test_its_own_normalisation_has_to_be_the_configs(tmp_path: Path, photos: Path) -> None:
    stem = export(folder_of(tmp_path, "exported"), before=lambda x: (x / 255.0 - 0.5) / 0.25)
    with pytest.raises(UserError, match=r"Set data\.mean: \[0\.5, 0\.5, 0\.5\] and data\.std: \[0\.25, "):
        take_program(config(stem, photos, data={"mean": MEAN, "std": STD}), tmp_path, quiet=True)


def test_a_program_that_changed_is_noticed(tmp_path: Path, photos: Path) -> None:
    stem = export(folder_of(tmp_path, "exported"))
    before = external_files(config(stem, photos))["model.program"]
    weights = stem.with_name(f"{stem.name}.pdiparams")
    weights.write_bytes(weights.read_bytes() + b"x")
    assert external_files(config(stem, photos))["model.program"] != before


@pytest.mark.parametrize(
    ("model", "train", "said"),
    [
        ({"program": "p", "backbone": "PPLCNet_x0_25"}, {}, "both 'model.backbone' and 'model.program'"),
        ({"backbone": "PPLCNet_x0_25", "output": 1}, {}, "it needs 'model.program'"),
        ({"program": "p", "weights": "random"}, {}, "'model.weights' is of no use"),
        ({"program": "p"}, {"epochs": 3}, "a program is deployed as it is"),
    ],
)
def test_keys_that_do_not_go_with_a_program(model: dict[str, Any], train: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Config.model_validate({"name": "program", "model": model, "train": train})


def labels_of(photos: Path) -> dict[str, Any]:
    """The photos as a list with five labels each; keys of section data."""
    random = np.random.default_rng(1)
    for split in ("train", "val"):
        names = sorted(path.relative_to(photos) for path in (photos / split).rglob("*.png"))
        lines = [f"{name}\t{','.join(map(str, random.integers(0, 2, 5)))}\n" for name in names]
        (photos / f"{split}_list.txt").write_text("".join(lines))
    return {"kind": "list"}


def test_a_closing_sigmoid_says_that_several_labels_may_hold(tmp_path: Path, photos: Path) -> None:
    """The same figures and decisions as of the program without it, whose list says so."""
    data, made = labels_of(photos), []
    for name, behind in (("logits", lambda x: x), ("scores", functional.sigmoid)):
        stem, folder = export(folder_of(tmp_path, f"{name} exported"), behind=behind), folder_of(tmp_path, name)
        take_program(config(stem, photos, data=data), folder, quiet=True)
        assert Answers.read(folder) == Answers(kind="several", thresholds=(0.5,) * 5)
        made.append(TrainingMetrics.read(folder).validation)
    assert made[0] == made[1] and isinstance(made[0], LabelScores)


def test_images_with_one_class_do_not_measure_labels(tmp_path: Path, photos: Path) -> None:
    stem = export(folder_of(tmp_path, "exported"), behind=functional.sigmoid)
    take_program(config(stem, photos), tmp_path, quiet=True)
    assert Answers.read(tmp_path).kind == "several" and TrainingMetrics.read(tmp_path).validation is None


@pytest.mark.parametrize(("function", "closing"), [(functional.sigmoid, "sigmoid"), (functional.softmax, "softmax")])
def test_logits_are_what_the_closing_function_was_given(function: Any, closing: str) -> None:
    given = np.array([[-60, -3, 0, 2, 9]], np.float32)
    back = as_logits(function(paddle.to_tensor(given)).numpy(), closing)
    offset = 0 if closing == "sigmoid" else back[0, 4] - given[0, 4]
    np.testing.assert_allclose(back[0, 1:] - offset, given[0, 1:], rtol=1e-3, atol=1e-5)
    assert np.isfinite(back).all() and back[0, 0] < back[0, 1]
