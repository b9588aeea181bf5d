"""Accuracy figures: what is confused with what."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from paddle_cortexm.artefacts.deployed import ConfusedPair
from paddle_cortexm.report.accuracy import measure, most_confused
from paddle_cortexm.report.plots import save_confusion

LABELS = ("cat", "dog", "owl")


def test_the_most_confused_pairs_come_first_and_correct_ones_are_none() -> None:
    confusion = np.array([[90, 3, 0], [7, 80, 0], [3, 0, 50]])
    pairs = [
        ConfusedPair(true="dog", predicted="cat", images=7),
        ConfusedPair(true="cat", predicted="dog", images=3),
        ConfusedPair(true="owl", predicted="cat", images=3),
    ]
    assert most_confused(confusion, LABELS) == pairs
    assert most_confused(np.diag([3, 4, 5]), LABELS) == []


def test_rows_are_the_true_class() -> None:
    accuracy = measure([(np.eye(3)[answer], 0) for answer in (0, 2, 2)], 3)
    assert most_confused(accuracy.confusion, LABELS) == [ConfusedPair(true="cat", predicted="owl", images=2)]


def test_a_confusion_matrix_of_many_classes_is_drawn(tmp_path: Path) -> None:
    save_confusion(tmp_path / "confusion.png", np.eye(40, dtype=np.int64), [f"class {i}" for i in range(40)])
    assert (tmp_path / "confusion.png").stat().st_size > 1000
