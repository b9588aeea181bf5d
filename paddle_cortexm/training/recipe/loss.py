"""The training loss: cross entropy with smoothed labels, weighted classes and a teacher, as far as they are wanted."""

from __future__ import annotations

from dataclasses import dataclass

import paddle

from paddle_cortexm.training.recipe.distillation import Distillation
from paddle_cortexm.training.recipe.entropy import ENTROPIES, Entropy
from paddle_cortexm.training.recipe.parts import Batch


@dataclass(frozen=True)
class Loss:
    """label_smoothing: the share that goes to all classes alike; weights: (classes,) what an image of each class counts
    for, None for all alike; teacher: None to learn from labels alone; entropy: of the kind of answer."""

    label_smoothing: float = 0
    weights: paddle.Tensor | None = None
    teacher: Distillation | None = None
    entropy: Entropy = ENTROPIES["one"]

    def __call__(self, logits: paddle.Tensor, batch: Batch) -> paddle.Tensor:
        """The mean over a batch; logits: (N, classes)."""
        loss = self._of_labels(logits, batch.shares(logits.shape[1]))
        if self.teacher is None:
            return loss
        share = self.teacher.share
        return (1 - share) * loss + share * self.teacher.loss(logits, batch.inputs)

    def _of_labels(self, logits: paddle.Tensor, shares: paddle.Tensor) -> paddle.Tensor:
        smoothed = self.entropy.smoothed(shares, self.label_smoothing) if self.label_smoothing else shares
        if self.weights is None:
            return self.entropy.of_images(logits, smoothed).mean()
        return self.entropy.weighted(logits, smoothed, shares, self.weights)
