"""What stage 1 says of the network it trained."""

from __future__ import annotations

from pathlib import Path
from typing import Union

from paddle_cortexm.artefacts.artefact import Artefact, Part
from paddle_cortexm.text_files import read_lines

LABELS = "labels.txt"


class Scores(Part):
    """Shares of the images whose class is the first answer, and among the first five."""

    images: int
    top1: float
    top5: float

    @property
    def merit(self) -> float:
        """The figure that models are compared by: the higher the better."""
        return self.top1

    @property
    def right(self) -> float:
        """Share of all decisions that are right."""
        return self.top1

    @property
    def headline(self) -> str:
        """The figure of merit for people."""
        return f"{self.top1:.2%}"

    @property
    def text(self) -> str:
        return f"top-1 {self.top1:.2%}, top-5 {self.top5:.2%}"


class LabelScores(Part):
    """Where several labels may hold. mean_accuracy: over the labels, of images with and without it half and half (mA);
    label_accuracy: share of all labels that are right, 1 - PaddleClas's hamming distance; exact: share of the images
    with all labels right; accuracy (labels right of all that are named or there), precision, recall: means over the
    images; f1: of the latter two."""

    images: int
    mean_accuracy: float
    label_accuracy: float
    exact: float
    accuracy: float
    precision: float
    recall: float
    f1: float

    @property
    def merit(self) -> float:
        return self.mean_accuracy

    @property
    def right(self) -> float:
        return self.label_accuracy

    @property
    def headline(self) -> str:
        return f"mA {self.mean_accuracy:.2%}"

    @property
    def text(self) -> str:
        return f"mA {self.mean_accuracy:.2%}, F1 {self.f1:.2%}, all labels right {self.exact:.2%}"


AnyScores = Union[Scores, LabelScores]


class LabelCounts(Part):
    """Images: that have the label, those of them it was found in; that do not, those of them it was left out in."""

    label: str
    present: int
    found: int
    absent: int
    left_out: int

    @property
    def found_share(self) -> str:
        return f"{self.found / self.present:.1%}" if self.present else "–"

    @property
    def left_out_share(self) -> str:
        return f"{self.left_out / self.absent:.1%}" if self.absent else "–"


class Epoch(Part):
    """What is known after an epoch (numbered from 1): the rate it ended with, mean loss and accuracy in training, and
    accuracy on the validation split. Accuracy is the figure of merit: top-1, or mean_accuracy of several labels."""

    epoch: int
    learning_rate: float
    loss: float
    train_accuracy: float
    validation_accuracy: float


class TrainingMetrics(Artefact):
    """images: how many in each split; unreadable: a message an image that was left out; validation: None where the
    data's classes are not the model's, or the answer is a value."""

    file, script = "metrics.json", "01_finetune.py"

    backbone: str
    parameters: int
    weights: str
    notes: tuple[str, ...]
    images: dict[str, int]
    unreadable: tuple[str, ...]
    validation: AnyScores | None
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
