"""What stage 3 says of the model it made, by running it: expected outputs and accuracy of the host build."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.artefacts.deployed import PREDICTIONS, DeployedMetrics, Expected
from paddle_cortexm.artefacts.model import Model
from paddle_cortexm.artefacts.quantisation import QuantisationMetrics, read_predictions, write_predictions
from paddle_cortexm.artefacts.training import Scores
from paddle_cortexm.config import Config
from paddle_cortexm.cores import cores
from paddle_cortexm.data.datasets import Dataset, why_unmeasured
from paddle_cortexm.data.pixels import NAMED_UNREADABLE
from paddle_cortexm.data.splits import open_splits
from paddle_cortexm.errors import UserError
from paddle_cortexm.host.model import HostModel
from paddle_cortexm.host.workers import logits_of
from paddle_cortexm.progress import progress
from paddle_cortexm.report.accuracy import Accuracy, measure, most_confused, ranking
from paddle_cortexm.report.plots import save_confusion


def write_expected(folder: Path, demo_frame: NDArray[np.uint8], labels: Sequence[str]) -> None:
    """expected.json: what portable C answers for the demo frame, which the target must reproduce. Raises RuntimeError
    where this machine's vector code answers something else."""
    output = HostModel(folder, reference=True).run(demo_frame)
    if HostModel(folder).run(demo_frame).tobytes() != output.tobytes():
        raise RuntimeError("the host's vector code (app/host/vector) gives other bits than the portable C")
    Expected.of(output, tuple(labels[i] for i in ranking(output)[:5])).write(folder)


def write_metrics(folder: Path, config: Config, program: Path, labels: Sequence[str], *, quiet: bool) -> None:
    """metrics.json, predictions.txt and confusion.png: accuracy of the host build on the validation split, or why there
    is none; and how often its class is the float model's. program: the stage 2 folder."""
    splits, before = open_splits(config), QuantisationMetrics.read(program)
    if before.floats is None:
        DeployedMetrics(summary=f"not measured: {why_unmeasured(config, splits)}").write(folder)
        return
    workers, started = cores(), time.monotonic()
    floats = read_predictions(program)
    answers = _labelled_logits(folder, splits.validation, workers, len(floats), quiet=quiet)
    accuracy = measure(answers, Model.read(folder).output_tensor.elements)
    speed = accuracy.images / (time.monotonic() - started)
    print(f"host build: {speed:.0f} images/s, decoding included; workers: {workers}")
    write_predictions(folder, accuracy.predictions, PREDICTIONS)
    pairs = zip(accuracy.predictions, floats, strict=True)
    DeployedMetrics(
        summary=f"{_shares(accuracy)} of {accuracy.images} validation images",
        before=f"float {_shares(before.floats)}",
        images=accuracy.images,
        top1=accuracy.top1,
        top5=accuracy.top5,
        trained=before.trained,
        floats=before.floats,
        agreement=float(np.mean([ours == theirs for ours, theirs in pairs])),
        confused=tuple(most_confused(accuracy.confusion, labels)),
        confusion=tuple(map(tuple, accuracy.confusion.tolist())),
    ).write(folder)
    save_confusion(folder / "confusion.png", accuracy.confusion, labels)


def _labelled_logits(
    folder: Path, dataset: Dataset, workers: int, readable: int, *, quiet: bool
) -> Iterator[tuple[NDArray[np.generic], int]]:
    """(logits, class number) of every image that can be read, in order. readable: how many could be in stage 2; raises
    UserError at the end when these are others."""
    unreadable: list[str] = []
    indices = progress(range(len(dataset.targets)), "accuracy of the deployed C", quiet=quiet)
    for logits, index in zip(logits_of(folder, dataset, workers), indices, strict=True):
        if logits is None:
            unreadable.append(dataset.name(index))
        else:
            yield logits, int(dataset.targets[index])
    if len(dataset.targets) - len(unreadable) != readable:
        names = "".join(f"\n  {name}" for name in unreadable[:NAMED_UNREADABLE])
        raise UserError(
            f"validation images: stage 2 could read {readable} of {len(dataset.targets)}. Now these cannot be read: "
            f"{names or 'none'}\nPut them right, then run ./02_quantize.py again with --force."
        )


def _shares(figures: Scores | Accuracy) -> str:
    return f"top-1 {figures.top1:.2%}, top-5 {figures.top5:.2%}"
