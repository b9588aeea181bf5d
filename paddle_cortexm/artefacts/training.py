"""What stage 1 says of the network it trained."""

from __future__ import annotations

from pathlib import Path

from paddle_cortexm.artefacts.artefact import Artefact, Part
from paddle_cortexm.text_files import read_lines

LABELS = "labels.txt"


class Scores(Part):
    """Shares of the images whose class is the first answer, and among the first five."""

    images: int
    top1: float
    top5: float


class Epoch(Part):
    """What is known after an epoch (numbered from 1): the rate it ended with, mean loss and accuracy in training, and
    accuracy on the validation split."""

    epoch: int
    learning_rate: float
    loss: float
    train_top1: float
    validation_top1: float


class TrainingMetrics(Artefact):
    """images: how many in each split; unreadable: a message an image that was left out; validation: None where the
    data's classes are not the model's."""

    file, script = "metrics.json", "01_finetune.py"

    backbone: str
    parameters: int
    weights: str
    notes: tuple[str, ...]
    images: dict[str, int]
    unreadable: tuple[str, ...]
    validation: Scores | None
    epochs: tuple[Epoch, ...]


def write_labels(folder: Path, labels: list[str]) -> None:
    """labels.txt: the class names in order, a line each."""
    (folder / LABELS).write_text("\n".join(labels) + "\n", encoding="utf-8")


def read_labels(folder: Path) -> list[str]:
    """The class names in order, of the folder of stage 1 or 3."""
    return read_lines(folder / LABELS)


class ProgramScales(Artefact):
    """Of a program that PaddleSlim quantised, its own scales. thresholds: the real value of 127 steps, by tensor;
    weight_steps: the largest step of each output channel, by what the layer is called, where that is not 127."""

    file, script = "scales.json", "01_finetune.py"

    thresholds: dict[str, float]
    weight_steps: dict[str, tuple[float, ...]]
