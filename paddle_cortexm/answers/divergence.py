"""How far one network's answers are from another's, in probabilities.

Near a decision a small error counts; where the model is sure, even a large one hardly does.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Logits = NDArray[np.floating]
Floats = NDArray[np.float64]


def of_classes(exact: Logits, rounded: Logits) -> float:
    """Mean over the images of the Kullback-Leibler divergence between the softmax of two logits (N, classes)."""
    wanted, got = (_log_softmax(logits.astype(np.float64)) for logits in (exact, rounded))
    return float((np.exp(wanted) * (wanted - got)).sum(axis=1).mean())


def of_labels(exact: Logits, rounded: Logits) -> float:
    """The same of a sigmoid each, summed over the labels: of each against its absence."""
    halves = [(_log_sigmoid(sign * exact), _log_sigmoid(sign * rounded)) for sign in (1, -1)]
    each = np.sum([np.exp(wanted) * (wanted - got) for wanted, got in halves], axis=0)
    return float(each.sum(axis=1).mean())


def of_values(exact: Logits, rounded: Logits) -> float:
    """Mean square of the difference; values (N, 1)."""
    return float(np.square(exact.astype(np.float64) - rounded).mean())


def _log_softmax(logits: Floats) -> Floats:
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def _log_sigmoid(logits: Logits) -> Floats:
    return -np.logaddexp(0, -logits.astype(np.float64))
