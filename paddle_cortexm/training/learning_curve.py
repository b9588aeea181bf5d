"""The learning curve as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

from matplotlib import pyplot

from paddle_cortexm.artefacts.training import Epoch


def draw_learning_curve(epochs: Sequence[Epoch], title: str, path: Path, merit: str) -> None:
    """Accuracy in training and validation on the left axis, loss on the right one, over the epochs, as PNG. merit: what
    the accuracy is called."""
    figure, accuracy = pyplot.subplots(figsize=(7, 4), layout="constrained")
    numbers = [epoch.epoch for epoch in epochs]
    for name, values in (
        ("training (augmented)", [100 * epoch.train_accuracy for epoch in epochs]),
        ("validation", [100 * epoch.validation_accuracy for epoch in epochs]),
    ):
        accuracy.plot(numbers, values, marker="o", label=name)
    accuracy.set(title=title, xlabel="epoch", ylabel=f"{merit}, %", ylim=(0, 101))
    accuracy.legend(loc="lower right")
    accuracy.grid(alpha=0.3)
    loss = accuracy.twinx()
    loss.plot(numbers, [epoch.loss for epoch in epochs], color="grey", linestyle="--")
    loss.set(ylabel="training loss (dashed)", ylim=(0, None))
    figure.savefig(path, dpi=100, metadata={"Software": None})
    pyplot.close(figure)
