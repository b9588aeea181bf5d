"""What stage 3 says of the model it made, by running it: expected outputs and accuracy of the host build."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.answers.kinds import AnswerKind, agreement, kind_of
from paddle_cortexm.answers.labels import label_scores, label_table
from paddle_cortexm.artefacts.answers import ONE_OF_ALL, Answers
from paddle_cortexm.artefacts.deployed import PREDICTIONS, DeployedMetrics, Expected
from paddle_cortexm.artefacts.model import Model, Tensor
from paddle_cortexm.artefacts.quantisation import QuantisationMetrics, read_decisions, write_predictions
from paddle_cortexm.artefacts.training import AnyScores, Scores
from paddle_cortexm.config import Config
from paddle_cortexm.cores import cores
from paddle_cortexm.data.datasets import Dataset, why_unmeasured
from paddle_cortexm.data.pixels import NAMED_UNREADABLE
from paddle_cortexm.data.splits import open_splits
from paddle_cortexm.errors import UserError
from paddle_cortexm.host.model import HostModel
from paddle_cortexm.host.workers import logits_of
from paddle_cortexm.progress import progress
from paddle_cortexm.report.accuracy import measure, most_confused
from paddle_cortexm.report.plots import save_confusion
from paddle_cortexm.tables import text_table


def write_expected(
    folder: Path, demo_frame: NDArray[np.uint8], labels: Sequence[str], answers: Answers = ONE_OF_ALL
) -> None:
    """expected.json: what portable C answers for the demo frame, which the target must reproduce. Raises RuntimeError
    where this machine's vector code answers something else."""
    host = HostModel(folder, reference=True)
    output = host.run(demo_frame)
    if HostModel(folder).run(demo_frame).tobytes() != output.tobytes():
        raise RuntimeError("the host's vector code (app/host/vector) gives other bits than the portable C")
    ranked = kind_of(answers).ranking(real_values(output, host.facts.output_tensor))
    Expected.of(output, tuple(labels[i] for i in ranked[:5])).write(folder)


def write_metrics(
    folder: Path, config: Config, program: Path, labels: Sequence[str], answers: Answers = ONE_OF_ALL, *, quiet: bool
) -> None:
    """metrics.json, predictions.txt and, for one class, confusion.png: accuracy of the host build on the validation
    split, or why there is none; and how often its answer is the float model's. program: the stage 2 folder."""
    splits, before = open_splits(config), QuantisationMetrics.read(program)
    if before.floats is None:
        summary = f"not measured: {why_unmeasured(config, splits, answers.kind)}"
        DeployedMetrics(summary=summary).write(folder)
        return
    workers, started = cores(), time.monotonic()
    floats, tensor = read_decisions(program), Model.read(folder).output_tensor
    given = _labelled_logits(folder, splits.validation, workers, len(floats), quiet=quiet)
    pairs = ((real_values(output, tensor), target) for output, target in given)
    report = _report_of_labels if answers.kind == "several" else _report_of_classes
    measured = report(folder, pairs, labels, kind_of(answers))
    speed = len(measured.decisions) / (time.monotonic() - started)
    print(f"host build: {speed:.0f} images/s, decoding included; workers: {workers}")
    write_predictions(folder, measured.decisions, PREDICTIONS)
    DeployedMetrics(
        summary=f"{measured.scores.text} of {len(measured.decisions)} validation images",
        before=f"float {before.floats.text}",
        images=len(measured.decisions),
        trained=before.trained,
        floats=before.floats,
        agreement=agreement(measured.decisions, floats),
        **measured.figures,
    ).write(folder)


@dataclass(frozen=True)
class _Measured:
    """decisions: of each image; figures: of metrics.json, beside what all kinds of answers have."""

    decisions: NDArray[np.int64]
    scores: AnyScores
    figures: dict[str, Any]


Pairs = Iterable[tuple[NDArray[np.generic], NDArray[np.int64]]]


def _report_of_classes(folder: Path, pairs: Pairs, labels: Sequence[str], kind: AnswerKind) -> _Measured:
    accuracy = measure(((logits, int(target)) for logits, target in pairs), len(labels), kind)
    save_confusion(folder / "confusion.png", accuracy.confusion, labels)
    figures = {
        "top1": accuracy.top1,
        "top5": accuracy.top5,
        "confused": tuple(most_confused(accuracy.confusion, labels)),
        "confusion": tuple(map(tuple, accuracy.confusion.tolist())),
    }
    scores = Scores(images=accuracy.images, top1=accuracy.top1, top5=accuracy.top5)
    return _Measured(np.array(accuracy.predictions, np.int64), scores, figures)


def _report_of_labels(folder: Path, pairs: Pairs, labels: Sequence[str], kind: AnswerKind) -> _Measured:
    logits, targets = (np.stack(values) for values in zip(*pairs, strict=True))
    decisions = kind.decisions(logits)
    scores, counts = label_scores(decisions, targets), label_table(decisions, targets, labels)
    head = ("label", "images with it", "found", "images without it", "left out")
    print(text_table(head, [(c.label, str(c.present), c.found_share, str(c.absent), c.left_out_share) for c in counts]))
    return _Measured(decisions, scores, {"labels": scores, "label_counts": tuple(counts)})


def real_values(output: NDArray[np.generic], tensor: Tensor) -> NDArray[np.float32]:
    """(outputs,) what the integers of an output stand for, or its floats, as app/runtime/answers.c computes it."""
    values = output.reshape(-1)
    if tensor.grid is None:
        return values.astype(np.float32)
    return np.float32(tensor.grid.scale) * (values.astype(np.int32) - tensor.grid.zero_point).astype(np.float32)


def _labelled_logits(
    folder: Path, dataset: Dataset, workers: int, readable: int, *, quiet: bool
) -> Iterator[tuple[NDArray[np.generic], NDArray[np.int64]]]:
    """(logits, class number or labels) of every image that can be read, in order. readable: how many could be in stage
    2; raises UserError at the end when these are others."""
    unreadable: list[str] = []
    indices = progress(range(len(dataset.targets)), "accuracy of the deployed C", quiet=quiet)
    for logits, index in zip(logits_of(folder, dataset, workers), indices, strict=True):
        if logits is None:
            unreadable.append(dataset.name(index))
        else:
            yield logits, dataset.targets[index]
    if len(dataset.targets) - len(unreadable) != readable:
        names = "".join(f"\n  {name}" for name in unreadable[:NAMED_UNREADABLE])
        raise UserError(
            f"validation images: stage 2 could read {readable} of {len(dataset.targets)}. Now these cannot be read: "
            f"{names or 'none'}\nPut them right, then run ./02_quantize.py again with --force."
        )
