"""The real line where outputs are not classes: labels of which several may hold, and one value."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from paddle_cortexm.answers.kinds import agreement, kind_of
from paddle_cortexm.answers.labels import label_scores
from paddle_cortexm.artefacts.answers import Answers
from paddle_cortexm.artefacts.deployed import PREDICTIONS, DeployedMetrics
from paddle_cortexm.artefacts.quantisation import read_decisions
from paddle_cortexm.artefacts.run import Run
from paddle_cortexm.artefacts.training import LabelScores, TrainingMetrics
from paddle_cortexm.config import load
from paddle_cortexm.data.splits import open_splits
from paddle_cortexm.host.model import HostModel
from paddle_cortexm.report.deployed import real_values
from paddle_cortexm.simulator.frames import read_image
from tests.e2e.line import E2E, run_line, stage
from tests.labelled_digits import TRUTHS, write_digits

LABELLED = """
model: {backbone: PPLCNet_x0_25, image_size: 48, threshold: [0.5, 0.45, 0.4]}
data: {kind: list, path: digits, calibration_images: 24}
train: {epochs: 2, batch_size: 32, class_weights: balanced}
quantise: {precision: int8}
compile: {target: corstone310}
"""
SCORE = """
model: {backbone: PPLCNet_x0_25, weights: random, image_size: 48, answer: value, threshold: 0}
data: {calibration_images: 24}
train: {epochs: 0}
compile: {target: corstone300}
"""

pytestmark = E2E


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder in which the whole line has run with three labels an image, and what the last script printed."""
    folder = tmp_path_factory.mktemp("labelled")
    write_digits(folder / "digits", 224, 48)
    return folder, deployed(folder, LABELLED)


def deployed(folder: Path, text: str) -> str:
    (folder / "configs").mkdir()
    (folder / "configs" / "made.yaml").write_text(text)
    return run_line(folder, "made")


def decisions_of(folder: Path) -> tuple[list[int], np.ndarray]:
    """The numbers of the outputs above their thresholds for the demo picture, by the host; and what all stand for."""
    compiled = stage(folder, "made", "03_compile_tvm")
    host = HostModel(compiled)
    values = real_values(host.run(read_image(compiled / "demo.png")), host.facts.output_tensor)
    kind = kind_of(Answers.read(stage(folder, "made", "01_finetune")))
    return np.flatnonzero(kind.decisions(values[None])[0]).tolist(), values


def test_the_target_names_the_labels_that_hold_as_the_host_does(labelled: tuple[Path, str]) -> None:
    folder, output = labelled
    run, (holding, logits) = Run.read(stage(folder, "made", "05_run_fvp")), decisions_of(folder)
    assert run.verdict == "PASS" and run.above is not None and run.top5 is not None
    assert [answer.number for answer in run.above] == holding
    for answer in (*run.above, *run.top5):
        assert answer.score == pytest.approx(1 / (1 + np.exp(-logits[answer.number])), abs=6e-5)
        assert answer.label == list(TRUTHS)[answer.number]
    named = "  ".join(f"{answer.label}  {answer.score:.4f}" for answer in run.above) or "nothing above its threshold"
    assert output.strip().splitlines()[-1].startswith(f"made  {named}  ")


def test_figures_are_those_of_the_decisions_on_the_validation_list(
    labelled: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _ = labelled
    monkeypatch.chdir(folder)
    targets = open_splits(load("made")).validation.targets
    compiled, program = (stage(folder, "made", name) for name in ("03_compile_tvm", "02_quantize"))
    metrics, floats = DeployedMetrics.read(compiled), read_decisions(program)
    ours = read_decisions(compiled, PREDICTIONS)
    assert metrics.labels == metrics.scores == label_scores(ours, targets)
    assert metrics.floats == label_scores(floats, targets)
    assert metrics.agreement == agreement(ours, floats) and metrics.top1 is None and not metrics.confusion
    assert [(row.label, row.present) for row in metrics.label_counts] == [
        (label, int(column.sum())) for label, column in zip(TRUTHS, targets.T, strict=True)
    ]
    assert not (compiled / "confusion.png").exists()


def test_an_epoch_s_accuracy_is_the_mean_accuracy_of_the_labels(labelled: tuple[Path, str]) -> None:
    metrics = TrainingMetrics.read(stage(labelled[0], "made", "01_finetune"))
    assert isinstance(metrics.validation, LabelScores)
    assert metrics.epochs[-1].validation_accuracy == pytest.approx(metrics.validation.mean_accuracy)


def test_one_value_is_deployed_as_it_is(tmp_path: Path) -> None:
    output = deployed(tmp_path, SCORE)
    run, (above, values) = Run.read(stage(tmp_path, "made", "05_run_fvp")), decisions_of(tmp_path)
    assert run.verdict == "PASS" and run.top5 is not None and run.above is not None
    assert [answer.score for answer in run.top5] == pytest.approx(values.tolist(), abs=6e-5)
    assert [answer.number for answer in run.above] == above and output.strip().endswith("PASS")
    summary = DeployedMetrics.read(stage(tmp_path, "made", "03_compile_tvm")).summary
    assert summary.startswith("not measured: the data say of classes, not of values")
