"""Figures for answers of several labels, as PaddleClas defines them: ATTRMetric, AccuracyScore, HammingDistance.

decisions, targets: (N, labels) of 0 and 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.artefacts.training import LabelCounts, LabelScores

Numbers = NDArray[np.int64]


def rights_of(decisions: Numbers, targets: NDArray[Any]) -> NDArray[np.float64]:
    """(4, labels) counts of images: those that have the label, those of them that are right; those without it, those
    of them that are right. targets: of mixed images the share."""
    has = targets > 0.5
    right = (decisions > 0) == has
    return np.stack([has.sum(0), (has & right).sum(0), (~has).sum(0), (~has & right).sum(0)]).astype(np.float64)


def mean_accuracy(rights: NDArray[np.float64]) -> float:
    """mA: the mean over the labels of how many of the images with and of those without a label are right, half and
    half. Unlike there, a label that all images have, or none, counts by the half that is known."""
    images, right = rights[[0, 2]], rights[[1, 3]]
    halves = np.divide(right, images, out=np.zeros_like(right), where=images > 0)
    return float((halves.sum(axis=0) / (images > 0).sum(axis=0)).mean())


def label_scores(decisions: Numbers, targets: Numbers) -> LabelScores:
    """All figures. accuracy, precision and recall are means over the images; 0 for an image where they are 0 / 0.
    Raises ValueError for no images."""
    if not len(targets):
        raise ValueError("no images to measure accuracy on")
    taken, has = decisions > 0, targets > 0
    both, either = (taken & has).sum(axis=1), (taken | has).sum(axis=1)
    accuracy, precision, recall = (
        float((both / np.maximum(total, 1)).mean()) for total in (either, taken.sum(axis=1), has.sum(axis=1))
    )
    return LabelScores(
        images=len(targets),
        mean_accuracy=mean_accuracy(rights_of(decisions, targets)),
        label_accuracy=float((taken == has).mean()),
        exact=float((taken == has).all(axis=1).mean()),
        accuracy=accuracy,
        precision=precision,
        recall=recall,
        f1=2 * precision * recall / (precision + recall) if precision + recall else 0.0,
    )


def label_table(decisions: Numbers, targets: Numbers, labels: Sequence[str]) -> list[LabelCounts]:
    """A row a label, in their order."""
    return [
        LabelCounts(label=label, present=int(have), found=int(right), absent=int(lack), left_out=int(right_too))
        for label, (have, right, lack, right_too) in zip(labels, rights_of(decisions, targets).T, strict=True)
    ]
