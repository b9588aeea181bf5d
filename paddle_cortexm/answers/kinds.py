"""What the outputs of a network mean, in one place: which answer they are, and how right it is.

One class of all, by softmax; several labels, each by a sigmoid; one value as it is. Training has the loss of each
(training/recipe/entropy.py), the program on the target its decisions and scores (app/runtime/answers.c).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.answers import divergence
from paddle_cortexm.answers.labels import label_scores, mean_accuracy, rights_of
from paddle_cortexm.artefacts.answers import Answers, Kind
from paddle_cortexm.artefacts.training import AnyScores, Scores

Logits = NDArray[np.floating]  # (N, outputs)
Numbers = NDArray[np.int64]
TOP = 5


@dataclass(frozen=True)
class AnswerKind(ABC):
    """limits: of the outputs, float32; empty for none. merit: what the figure of merit is called; agreement: what it is
    to answer as the float model."""

    limits: NDArray[np.float32]
    name: ClassVar[Kind]
    merit: ClassVar[str]
    agreement: ClassVar[str]

    @abstractmethod
    def decisions(self, logits: Logits) -> Numbers:
        """The answer to each image: (N,) class numbers, or (N, labels) of 0 and 1."""

    @abstractmethod
    def counts(self, decisions: Numbers, targets: NDArray[Any]) -> NDArray[np.float64]:
        """What has to be known of a part of the images to compute the figure of merit; those of parts add up. targets:
        as of data.datasets.Dataset, or (N, outputs) shares of mixed images."""

    @abstractmethod
    def merit_of(self, counts: NDArray[np.float64]) -> float:
        """The figure of merit, 0 ... 1: the higher the better."""

    @abstractmethod
    def scores(self, logits: Logits, targets: Numbers) -> AnyScores:
        """All figures. Raises ValueError for no images."""

    @abstractmethod
    def margins(self, logits: Logits) -> NDArray[np.floating]:
        """How sure each answer is, (N,)."""

    @abstractmethod
    def divergence(self, exact: Logits, rounded: Logits) -> float:
        """How far the second network's answers are from the first one's."""

    def ranking(self, logits: NDArray[Any]) -> list[int]:
        """The outputs of one image (outputs,) from the best to the worst; of equal ones the lower number first."""
        return [int(i) for i in np.argsort(-logits.astype(np.float64), kind="stable")]


class OneClass(AnswerKind):
    """The best of all classes; with a limit, the second of two where its logit is that much above the first's."""

    name = "one"
    merit = "top-1 accuracy"
    agreement = "same class as float"

    def decisions(self, logits: Logits) -> Numbers:
        if self.limits.size:
            return (logits[:, 1] - logits[:, 0] > self.limits[0]).astype(np.int64)
        return logits.argmax(axis=1)

    def ranking(self, logits: NDArray[Any]) -> list[int]:
        if self.limits.size:
            best = int(self.decisions(logits[None])[0])
            return [best, 1 - best]
        return super().ranking(logits)

    def counts(self, decisions: Numbers, targets: NDArray[Any]) -> NDArray[np.float64]:
        largest = targets if targets.ndim == 1 else targets.argmax(axis=1)
        return np.array([(decisions == largest).sum(), len(targets)], np.float64)

    def merit_of(self, counts: NDArray[np.float64]) -> float:
        return float(counts[0] / counts[1])

    def scores(self, logits: Logits, targets: Numbers) -> Scores:
        best = np.argsort(-logits, axis=1, kind="stable")[:, :TOP]
        right = self.decisions(logits) == targets
        among = (best == targets[:, None]).any(axis=1)
        return Scores(images=len(targets), top1=float(right.mean()), top5=float(among.mean()))

    def margins(self, logits: Logits) -> NDArray[np.floating]:
        if self.limits.size:
            return np.abs(logits[:, 1] - logits[:, 0] - self.limits[0])
        largest = np.sort(logits, axis=1)
        return largest[:, -1] - largest[:, -2]

    def divergence(self, exact: Logits, rounded: Logits) -> float:
        return divergence.of_classes(exact, rounded)


class SeveralLabels(AnswerKind):
    """Every label whose logit is above its limit; there may be none."""

    name = "several"
    merit = "mean accuracy of the labels"
    agreement = "same labels as float"

    def decisions(self, logits: Logits) -> Numbers:
        return (logits > self.limits).astype(np.int64)

    def counts(self, decisions: Numbers, targets: NDArray[Any]) -> NDArray[np.float64]:
        return rights_of(decisions, targets).reshape(-1)

    def merit_of(self, counts: NDArray[np.float64]) -> float:
        return mean_accuracy(counts.reshape(4, -1))

    def scores(self, logits: Logits, targets: Numbers) -> AnyScores:
        return label_scores(self.decisions(logits), targets)

    def margins(self, logits: Logits) -> NDArray[np.floating]:
        return np.abs(logits - self.limits).min(axis=1)

    def divergence(self, exact: Logits, rounded: Logits) -> float:
        return divergence.of_labels(exact, rounded)


class OneValue(AnswerKind):
    """A value as it is. The data say nothing of what it should be, so it has no accuracy."""

    name = "value"
    merit = "accuracy"
    agreement = "same side of the threshold as float"

    def decisions(self, logits: Logits) -> Numbers:
        if self.limits.size:
            return (logits > self.limits).astype(np.int64)
        return np.zeros(logits.shape, np.int64)

    def counts(self, decisions: Numbers, targets: NDArray[Any]) -> NDArray[np.float64]:
        raise ValueError("a value has no accuracy")

    def merit_of(self, counts: NDArray[np.float64]) -> float:
        raise ValueError("a value has no accuracy")

    def scores(self, logits: Logits, targets: Numbers) -> AnyScores:
        raise ValueError("a value has no accuracy")

    def margins(self, logits: Logits) -> NDArray[np.floating]:
        return logits[:, 0]

    def divergence(self, exact: Logits, rounded: Logits) -> float:
        return divergence.of_values(exact, rounded)


KINDS: dict[str, type[AnswerKind]] = {kind.name: kind for kind in (OneClass, SeveralLabels, OneValue)}


def agreement(ours: Numbers, theirs: Numbers) -> float:
    """Share of the images with the same answer; decisions of either form."""
    return float((ours.reshape(len(ours), -1) == theirs.reshape(len(theirs), -1)).all(axis=1).mean())


def kind_of(answers: Answers) -> AnswerKind:
    """What a network's answers.json says, to be asked."""
    return KINDS[answers.kind](np.array(answers.limits, np.float32))


ONE_CLASS = OneClass(np.zeros(0, np.float32))
