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

from paddle_cortexm.artefacts.layers import LayerQuality, worst

DOTS_PER_INCH = 120
MOST_LABELLED_CLASSES = 30
MOST_LABELLED_LAYERS = 80
MOST_DECIBELS = 70.0  # drawn for a layer that adds no noise
PNG_METADATA = {"Software": None}  # no version string: the same figure gives the same bytes


def save_confusion(path: Path, confusion: NDArray[np.int64], labels: Sequence[str]) -> None:
    """Rows: true class; columns: predicted class; counts written into the cells where there is room."""
    classes = len(labels)
    figure, axes = pyplot.subplots(figsize=(7, 6.2))
    share = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    picture = axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    axes.set_xlabel("predicted" if classes <= MOST_LABELLED_CLASSES else "predicted (class number)")
    axes.set_ylabel("true" if classes <= MOST_LABELLED_CLASSES else "true (class number)")
    axes.set_title(f"{np.trace(confusion) / max(confusion.sum(), 1):.2%} of {confusion.sum()} images")
    if classes <= MOST_LABELLED_CLASSES:
        axes.set_xticks(range(classes), labels, rotation=60, ha="right")
        axes.set_yticks(range(classes), labels)
        for row, column in zip(*np.nonzero(confusion), strict=True):
            colour = "white" if share[row, column] > 0.5 else "black"
            axes.text(column, row, str(confusion[row, column]), ha="center", va="center", color=colour, fontsize=7)
    figure.colorbar(picture, ax=axes, label="share of the true class")
    save_figure(figure, path)


def save_layer_quality(path: Path, qualities: Sequence[LayerQuality], title: str) -> None:
    """SQNR of every layer in order: of the layer alone (bars, the five worst red) and with the noise of the layers
    before it (line); the last one's is the logits'."""
    count = len(qualities)
    spoilt = {quality.name for quality in worst(qualities)}
    colours = ["tab:red" if quality.name in spoilt else "tab:blue" for quality in qualities]
    figure, axes = pyplot.subplots(figsize=(max(8, min(24, 0.22 * count)), 6))
    axes.bar(range(count), [min(q.own, MOST_DECIBELS) for q in qualities], color=colours)
    accumulated = [min(quality.sqnr, MOST_DECIBELS) for quality in qualities]
    axes.plot(range(count), accumulated, color="black", marker=".", label="with the noise of earlier layers")
    logits = axes.axhline(accumulated[-1], color="tab:grey", linestyle="--", label=f"logits: {accumulated[-1]:.1f} dB")
    shown = range(0, count, -(-count // MOST_LABELLED_LAYERS))
    axes.set_xticks(shown, [qualities[i].title for i in shown], rotation=90, fontsize=7)
    axes.set_xlim(-0.6, count - 0.4)
    axes.set_ylabel("signal to quantisation noise, dB")
    axes.set_title(f"{title}, integer against float by layer")
    red = pyplot.Rectangle((0, 0), 1, 1, color="tab:red", label="the five worst alone")
    blue = pyplot.Rectangle((0, 0), 1, 1, color="tab:blue", label="the layer alone, on exact inputs")
    axes.legend(handles=[blue, red, axes.lines[0], logits], fontsize=8)
    axes.grid(axis="y", alpha=0.3)
    save_figure(figure, path)


def save_figure(figure: Any, path: Path) -> None:
    """Write a figure as a PNG and close it; the same figure gives the same bytes."""
    figure.tight_layout()
    figure.savefig(path, dpi=DOTS_PER_INCH, metadata=PNG_METADATA)
    pyplot.close(figure)
