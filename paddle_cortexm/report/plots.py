"""The pictures of the reports: confusion matrix, quality by layer, memory over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    _save(figure, path)


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
    _save(figure, path)


def save_memory_timeline(path: Path, memory: Mapping[str, Any], layers: int) -> None:
    """The arena as a map: offset over layer number, a box a buffer; lines for the plan's size and the lower bound."""
    figure, axes = pyplot.subplots(figsize=(max(7, 0.16 * layers), 4.5))
    for number, buffer in enumerate(memory["buffers"]):
        width = buffer["last"] - buffer["first"] + 1
        colour = pyplot.get_cmap("tab20")(number % 20)
        box = pyplot.Rectangle((buffer["first"], buffer["offset"]), width, buffer["bytes"], color=colour, alpha=0.8)
        axes.add_patch(box)
    axes.axhline(memory["arena_bytes"], color="black", label=f"arena {memory['arena_bytes']:,} B")
    bound = f"lower bound {memory['lower_bound']:,} B"
    axes.axhline(memory["lower_bound"], color="tab:red", linestyle="--", label=bound)
    axes.set_xlim(0, layers)
    axes.set_ylim(0, 1.08 * memory["arena_bytes"])
    axes.set_xlabel("layer")
    axes.set_ylabel("offset in the arena, bytes")
    axes.legend(loc="upper right")
    _save(figure, path)


def _save(figure: Any, path: Path) -> None:
    figure.tight_layout()
    figure.savefig(path, dpi=DOTS_PER_INCH, metadata=PNG_METADATA)
    pyplot.close(figure)
