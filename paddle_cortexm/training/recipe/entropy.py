"""The training loss of each kind of answer: how far logits are from what they should say, as Paddle computes it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

import paddle
from paddle.nn import functional

from paddle_cortexm.artefacts.answers import Kind
from paddle_cortexm.errors import UserError


class Entropy(ABC):
    """logits, targets: (N, outputs); targets may be anything from 0 to 1."""

    @abstractmethod
    def probabilities(self, logits: paddle.Tensor) -> paddle.Tensor:
        """What the logits say, (N, outputs)."""

    @abstractmethod
    def smoothed(self, targets: paddle.Tensor, epsilon: float) -> paddle.Tensor:
        """The targets less sure of themselves."""

    @abstractmethod
    def of_images(self, logits: paddle.Tensor, targets: paddle.Tensor) -> paddle.Tensor:
        """The cross entropy of each image, (N,)."""

    @abstractmethod
    def weighted(
        self, logits: paddle.Tensor, smoothed: paddle.Tensor, targets: paddle.Tensor, weights: paddle.Tensor
    ) -> paddle.Tensor:
        """The mean over a batch with class weights (outputs,), one number. targets: before they were smoothed."""


class OfClasses(Entropy):
    """Softmax over all classes; targets are shares that sum to 1. weights: what an image of each class counts for."""

    def probabilities(self, logits: paddle.Tensor) -> paddle.Tensor:
        return functional.softmax(logits)

    def smoothed(self, targets: paddle.Tensor, epsilon: float) -> paddle.Tensor:
        return functional.label_smooth(targets, epsilon=epsilon)

    def of_images(self, logits: paddle.Tensor, targets: paddle.Tensor) -> paddle.Tensor:
        return functional.cross_entropy(logits, targets, soft_label=True, reduction="none")

    def weighted(
        self, logits: paddle.Tensor, smoothed: paddle.Tensor, targets: paddle.Tensor, weights: paddle.Tensor
    ) -> paddle.Tensor:
        counts = paddle.matmul(targets, weights.reshape([-1, 1]))
        return (self.of_images(logits, smoothed) * counts).sum() / counts.sum()


class OfLabels(Entropy):
    """A sigmoid each: PaddleClas's MultiLabelLoss. weights: the share of the training images that have each label, as
    its weight_ratio takes them: what is rare counts for more, up to e."""

    def probabilities(self, logits: paddle.Tensor) -> paddle.Tensor:
        return functional.sigmoid(logits)

    def smoothed(self, targets: paddle.Tensor, epsilon: float) -> paddle.Tensor:
        """As PaddleClas: epsilon is shared out to all labels. A single label has its absence for a second."""
        return (1 - epsilon) * targets + epsilon / max(2, targets.shape[1])

    def of_images(self, logits: paddle.Tensor, targets: paddle.Tensor) -> paddle.Tensor:
        return self._each(logits, targets).mean(axis=1)

    def weighted(
        self, logits: paddle.Tensor, smoothed: paddle.Tensor, targets: paddle.Tensor, weights: paddle.Tensor
    ) -> paddle.Tensor:
        has = (targets > 0.5).astype("float32")
        return (self._each(logits, smoothed) * paddle.exp(has * (1 - weights) + (1 - has) * weights)).mean()

    def _each(self, logits: paddle.Tensor, targets: paddle.Tensor) -> paddle.Tensor:
        return functional.binary_cross_entropy_with_logits(logits, targets, reduction="none")


ENTROPIES: Mapping[str, Entropy] = {"one": OfClasses(), "several": OfLabels()}


def entropy_of(kind: Kind) -> Entropy:
    """Raises UserError for a kind of answer that cannot be trained."""
    if kind not in ENTROPIES:
        raise UserError(f"model.answer {kind} is deployed, not trained here. Trained are: {', '.join(ENTROPIES)}")
    return ENTROPIES[kind]
