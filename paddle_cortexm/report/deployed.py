"""What stage 3 says of the model it made, by running it: expected outputs and accuracy of the host build."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.artefacts.deployed import DeployedMetrics, Expected
from paddle_cortexm.artefacts.quantisation import QuantisationMetrics, read_predictions
from paddle_cortexm.artefacts.training import Scores
from paddle_cortexm.config import Config
from paddle_cortexm.data.splits import validation_frames
from paddle_cortexm.host.model import HostModel
from paddle_cortexm.progress import progress
from paddle_cortexm.report.accuracy import Accuracy, measure, most_confused, ranking
from paddle_cortexm.report.plots import save_confusion


def write_expected(folder: Path, demo_frame: NDArray[np.uint8], labels: Sequence[str]) -> None:
    """expected.json: the host's output for the demo frame, which the target must reproduce."""
    output = HostModel(folder).run(demo_frame)
    Expected.of(output, tuple(labels[i] for i in ranking(output)[:5])).write(folder)


def write_metrics(folder: Path, config: Config, program: Path, labels: Sequence[str], *, quiet: bool) -> None:
    """metrics.json and confusion.png: accuracy of the host build on the validation split (none where the data has no
    such split), and how often its class is the float model's. program: the stage 2 folder."""
    frames, before = validation_frames(config), QuantisationMetrics.read(program)
    if not frames or before.floats is None:
        DeployedMetrics(summary="not measured: no validation images").write(folder)
        return
    model = HostModel(folder)
    labelled = progress(frames, "accuracy of the deployed C", quiet=quiet)
    started = time.monotonic()
    accuracy = measure(model.run, labelled, model.facts.output_tensor.elements)
    print(f"host build: {accuracy.images / (time.monotonic() - started):.0f} images/s")
    estimate = before.fake_quant_estimate
    pairs = zip(accuracy.predictions, read_predictions(program), strict=True)
    DeployedMetrics(
        summary=f"{_shares(accuracy)} of {accuracy.images} validation images",
        before=f"float {_shares(before.floats)}" + (f"; fake-quantised {_shares(estimate)}" if estimate else ""),
        images=accuracy.images,
        top1=accuracy.top1,
        top5=accuracy.top5,
        floats=before.floats,
        agreement=float(np.mean([ours == theirs for ours, theirs in pairs])),
        confused=tuple(most_confused(accuracy.confusion, labels)),
        confusion=tuple(map(tuple, accuracy.confusion.tolist())),
    ).write(folder)
    save_confusion(folder / "confusion.png", accuracy.confusion, labels)


def _shares(figures: Scores | Accuracy) -> str:
    return f"top-1 {figures.top1:.2%}, top-5 {figures.top5:.2%}"
