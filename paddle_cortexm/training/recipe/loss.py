"""The training loss: cross entropy with smoothed labels, weighted classes and a teacher, as far as they are wanted."""

from __future__ import annotations

from dataclasses import dataclass

import paddle
from paddle.nn import functional

from paddle_cortexm.training.recipe.distillation import Distillation
from paddle_cortexm.training.recipe.parts import Batch


@dataclass(frozen=True)
class Loss:
    """label_smoothing: the share that goes to all classes alike; weights: (classes,) what an image of each class counts
    for, None for all alike; teacher: None to learn from labels alone."""

    label_smoothing: float = 0
    weights: paddle.Tensor | None = None
    teacher: Distillation | None = None

    def __call__(self, logits: paddle.Tensor, batch: Batch) -> paddle.Tensor:
        """The mean over a batch; logits: (N, classes)."""
        loss = self._of_labels(logits, batch.shares(logits.shape[1]))
        if self.teacher is None:
            return loss
        share = self.teacher.share
        return (1 - share) * loss + share * self.teacher.loss(logits, batch.inputs)

    def _of_labels(self, logits: paddle.Tensor, shares: paddle.Tensor) -> paddle.Tensor:
        smoothed = functional.label_smooth(shares, epsilon=self.label_smoothing) if self.label_smoothing else shares
        entropies = functional.cross_entropy(logits, smoothed, soft_label=True, reduction="none")
        if self.weights is None:
            return entropies.mean()
        weights = paddle.matmul(shares, self.weights.reshape([-1, 1]))
        return (entropies * weights).sum() / weights.sum()
