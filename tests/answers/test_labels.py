"""Figures of several labels are those of PaddleClas, by scikit-learn where it has them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sklearn.metrics import accuracy_score, hamming_loss, precision_score, recall_score

from paddle_cortexm.answers.labels import label_scores, label_table
from paddle_cortexm.artefacts.training import LabelCounts

BITS = arrays.arrays(np.int64, (6, 3), elements=st.integers(0, 1))


@given(BITS, BITS)
def test_hamming_distance_and_the_means_over_images_are_scikit_learns(taken: np.ndarray, targets: np.ndarray) -> None:
    made = label_scores(taken, targets)
    assert made.label_accuracy == pytest.approx(1 - hamming_loss(targets, taken))
    assert made.exact == pytest.approx(accuracy_score(targets, taken))
    assert made.precision == pytest.approx(precision_score(targets, taken, average="samples", zero_division=0))
    assert made.recall == pytest.approx(recall_score(targets, taken, average="samples", zero_division=0))


@given(BITS, BITS)
def test_mean_accuracy_is_paddleclas_s_where_every_label_is_there_and_is_not(
    taken: np.ndarray, targets: np.ndarray
) -> None:
    targets[0], targets[1] = 0, 1
    found = ((taken == 1) & (targets == 1)).sum(0) / (targets == 1).sum(0)
    left_out = ((taken == 0) & (targets == 0)).sum(0) / (targets == 0).sum(0)
    assert label_scores(taken, targets).mean_accuracy == pytest.approx(float(((found + left_out) / 2).mean()))


def test_a_label_that_no_image_has_counts_by_where_it_is_left_out() -> None:
    assert label_scores(np.array([[0], [1], [0], [0]]), np.zeros((4, 1), np.int64)).mean_accuracy == 0.75


def test_f1_is_of_the_mean_precision_and_recall() -> None:
    made = label_scores(np.array([[1, 1], [0, 0]]), np.array([[1, 0], [0, 1]]))
    assert (made.accuracy, made.precision, made.recall) == (0.25, 0.25, 0.5)
    assert made.f1 == pytest.approx(2 * 0.25 * 0.5 / 0.75)


def test_the_table_has_a_row_a_label() -> None:
    rows = label_table(np.array([[1, 0], [0, 0], [1, 1]]), np.array([[1, 1], [1, 0], [0, 0]]), ["hat", "bag"])
    assert rows == [
        LabelCounts(label="hat", present=2, found=1, absent=1, left_out=0),
        LabelCounts(label="bag", present=1, found=0, absent=2, left_out=1),
    ]
