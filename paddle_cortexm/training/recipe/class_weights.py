"""Class weights, for data sets with many images of one class and few of another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.errors import UserError


def class_weights(
    wanted: Literal["balanced"] | Sequence[float] | None, targets: NDArray[np.int64], classes: int
) -> NDArray[np.float32] | None:
    """What an image of each class counts for in the loss: (classes,), or None where all count alike.

    balanced: images / (classes x images of the class), as scikit-learn has it; a class without images gets 0. Raises
    UserError when the given weights are not one a class.
    """
    if wanted is None:
        return None
    if wanted == "balanced":
        counts = np.bincount(targets, minlength=classes)
        return np.where(counts, len(targets) / (classes * np.maximum(counts, 1)), 0).astype(np.float32)
    if len(wanted) != classes:
        raise UserError(f"train.class_weights: {len(wanted)} weights for {classes} classes. Give one a class.")
    return np.array(wanted, np.float32)


def label_shares(
    wanted: Literal["balanced"] | Sequence[float] | None, targets: NDArray[np.int64], labels: int
) -> NDArray[np.float32] | None:
    """The share of the training images that have each label: (labels,), for balanced; or None where all count alike.
    targets: (N, labels) of 0 and 1. Raises UserError for given weights."""
    if wanted is None:
        return None
    if wanted == "balanced":
        return targets.mean(axis=0).astype(np.float32)
    raise UserError("train.class_weights: for labels of which several may hold there is only: balanced")


WEIGHTS = {"one": class_weights, "several": label_shares}  # by kind of answer
