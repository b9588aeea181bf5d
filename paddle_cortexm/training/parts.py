"""What takes part in training besides network, optimiser and data: moving averages, mixed images, early stopping."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import paddle

from paddle_cortexm.artefacts.training import Epoch


@dataclass(frozen=True)
class Batch:
    """This process's share of one step. inputs: (N, 3, H, W) float32, normalised; targets: (N,) class numbers."""

    inputs: paddle.Tensor
    targets: paddle.Tensor


Loss = Callable[[paddle.Tensor, Batch], paddle.Tensor]  # of logits (N, classes) and their batch: one number


class Part:
    """One ingredient of a recipe. The loop calls these in the order in which they stand here; each does nothing until a
    part needs it."""

    def before_epoch(self, number: int) -> None:
        """Before each epoch, numbered from 1; a checkpoint has been restored by then."""

    def change_batch(self, batch: Batch, random: np.random.Generator) -> Batch:
        """The batch to train on. `random` follows from seed, epoch, step and process."""
        return batch

    def after_step(self) -> None:
        """After each step of the optimiser."""

    def after_epoch(self, epoch: Epoch) -> bool:
        """After an epoch was measured, in every process alike; True ends the run here."""
        return False

    def state(self) -> dict[str, Any]:
        """What a checkpoint has to keep: tensors, arrays, numbers, by name."""
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        """Take back what `state` gave."""
