"""How far one network's class probabilities are from another's."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Logits = NDArray[np.float32]


def divergence(exact: Logits, rounded: Logits) -> float:
    """Mean over the images of the Kullback-Leibler divergence between the softmax of two sets of logits (N, classes).

    Near a decision a small error counts; where the model is sure, even a large one hardly does.
    """
    wanted, got = (_log_softmax(logits.astype(np.float64)) for logits in (exact, rounded))
    return float((np.exp(wanted) * (wanted - got)).sum(axis=1).mean())


def _log_softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
