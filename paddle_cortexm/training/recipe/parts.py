"""What takes part in training besides network, optimiser and data: moving averages, mixed images, early stopping."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import paddle

from paddle_cortexm.artefacts.training import Epoch


@dataclass(frozen=True)
class Batch:
    """This process's share of one step. inputs: (N, 3, H, W) float32, normalised; targets: (N,) class numbers, or (N,
    classes) float32: the share of each class, where images are mixed, or whether a label holds, where several may."""

    inputs: paddle.Tensor
    targets: paddle.Tensor

    def shares(self, classes: int) -> paddle.Tensor:
        """(N, classes) float32: the share of each class."""
        return self.targets if self.targets.ndim == 2 else paddle.nn.functional.one_hot(self.targets, classes)


LossFunction = Callable[[paddle.Tensor, Batch], paddle.Tensor]  # of logits (N, classes) and their batch: one number


class Part:
    """One ingredient of a recipe. The loop calls these in the order in which they stand here; each does nothing until a
    part needs it."""

    def before_epoch(self, number: int) -> None:
        """Before each epoch, numbered from 1; a checkpoint has been restored by then, and the network is training."""

    def change_batch(self, batch: Batch, random: np.random.Generator) -> Batch:
        """The batch to train on. `random` follows from seed, epoch, step and process."""
        return batch

    def after_step(self) -> None:
        """After each step of the optimiser."""

    def measuring(self) -> AbstractContextManager[None]:
        """Around measuring an epoch: the network has the weights that would be kept, were this the last one."""
        return nullcontext()

    def after_epoch(self, epoch: Epoch) -> None:
        """After an epoch was measured, in every process alike."""

    def reason_to_stop(self) -> str:
        """Why training ends before its last epoch; empty to go on. Asked before every epoch."""
        return ""

    def finish(self) -> str:
        """After the last epoch: give the network the weights that are kept, and say which if they are not its own."""
        return ""

    def state(self) -> dict[str, Any]:
        """What a checkpoint has to keep: tensors, arrays, numbers, by name."""
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        """Take back what `state` gave."""
