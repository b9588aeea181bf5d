"""The pictures of the reports: confusion matrix, quality by layer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

import numpy as np
from matplotlib import pyplot
from numpy.typing import NDArray

from paddle_cortexm.report.layer_quality import LayerQuality

DOTS_PER_INCH = 120
MOST_LABELLED_CLASSES = 30
PNG_METADATA = {"Software": None}  # no version string: the same figure gives the same bytes


def save_confusion(path: Path, confusion: NDArray[np.int64], labels: Sequence[str]) -> None:
    """Rows: true class; columns: predicted class; counts written into the cells where there is room."""
    classes = len(labels)
    figure, axes = pyplot.subplots(figsize=(7, 6.2))
    share = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    picture = axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    axes.set_title(f"{np.trace(confusion) / max(confusion.sum(), 1):.2%} of {confusion.sum()} images")
    if classes <= MOST_LABELLED_CLASSES:
        axes.set_xticks(range(classes), labels, rotation=60, ha="right")
        axes.set_yticks(range(classes), labels)
        for row, column in zip(*np.nonzero(confusion), strict=True):
            colour = "white" if share[row, column] > 0.5 else "black"
            axes.text(column, row, str(confusion[row, column]), ha="center", va="center", color=colour, fontsize=7)
    figure.colorbar(picture, ax=axes, label="share of the true class")
    save_figure(figure, path)


def save_layer_quality(path: Path, qualities: Sequence[LayerQuality]) -> None:
    """SQNR of every layer in order, the five worst marked."""
    values = [quality.sqnr for quality in qualities]
    lowest = set(np.argsort(values)[:5].tolist())
    colours = ["tab:red" if i in lowest else "tab:blue" for i in range(len(values))]
    figure, axes = pyplot.subplots(figsize=(max(7, 0.16 * len(values)), 4.5))
    axes.bar(range(len(values)), values, color=colours)
    axes.set_xticks(range(len(values)), [quality.name for quality in qualities], rotation=90, fontsize=5)
    axes.set_ylabel("SQNR, dB")
    axes.set_title("integer against float, by layer (red: the five worst)")
    axes.grid(axis="y", alpha=0.3)
    save_figure(figure, path)


def save_figure(figure: Any, path: Path) -> None:
    figure.tight_layout()
    figure.savefig(path, dpi=DOTS_PER_INCH, metadata=PNG_METADATA)
    pyplot.close(figure)
