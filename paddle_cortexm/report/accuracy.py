"""Accuracy of the deployed model: the integer (or float) C, built for the host, over a whole image set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.answers.kinds import ONE_CLASS, AnswerKind
from paddle_cortexm.artefacts.deployed import ConfusedPair

PAIRS = 20  # of confused classes that are listed


@dataclass(frozen=True)
class Accuracy:
    """Shares of images whose class is the best, or among the five best; confusion[true, predicted] counts; the class
    predicted for each image."""

    images: int
    top1: float
    top5: float
    confusion: NDArray[np.int64]
    predictions: tuple[int, ...]


def measure(answers: Iterable[tuple[NDArray[np.generic], int]], classes: int, kind: AnswerKind = ONE_CLASS) -> Accuracy:
    """The accuracy of (logits, class number) pairs, one an image. Raises ValueError for no images."""
    confusion = np.zeros((classes, classes), np.int64)
    in_top5 = 0
    predictions = []
    for logits, label in answers:
        ranked = kind.ranking(logits.reshape(-1))
        confusion[label, ranked[0]] += 1
        predictions.append(ranked[0])
        in_top5 += int(label in ranked[:5])
    images = int(confusion.sum())
    if images == 0:
        raise ValueError("no images to measure accuracy on")
    top1 = float(np.trace(confusion) / images)
    return Accuracy(images, top1, in_top5 / images, confusion, tuple(predictions))


def most_confused(confusion: NDArray[np.int64], labels: Sequence[str]) -> list[ConfusedPair]:
    """The pairs of classes that are confused most, the worst first; of equal ones the lower class numbers first."""
    wrong = confusion - np.diag(np.diag(confusion))
    order = np.argsort(-wrong, axis=None, kind="stable")[:PAIRS]
    places = zip(*np.unravel_index(order, wrong.shape), strict=True)
    return [
        ConfusedPair(true=labels[i], predicted=labels[j], images=int(wrong[i, j])) for i, j in places if wrong[i, j]
    ]
