"""Distillation: a trained network whose answers are learned besides the labels (https://arxiv.org/abs/1503.02531)."""

from __future__ import annotations

from dataclasses import dataclass

import paddle

from paddle_cortexm.errors import UserError
from paddle_cortexm.networks.build import build_teacher
from paddle_cortexm.settings.training import Teacher
from paddle_cortexm.training.recipe.entropy import ENTROPIES, Entropy


@dataclass(frozen=True)
class Distillation:
    """network: the teacher, in evaluation mode, from (N, 3, H, W) to logits (N, classes); temperature: what both
    networks' logits are divided by; share: what the teacher counts for in the loss, above 0 to 1; entropy: of the kind
    of answer."""

    network: paddle.nn.Layer
    temperature: float
    share: float
    entropy: Entropy = ENTROPIES["one"]

    def loss(self, logits: paddle.Tensor, images: paddle.Tensor) -> paddle.Tensor:
        """Cross entropy against the teacher's answers, as PaddleClas's DistillationCELoss; times the square of the
        temperature, so that its gradients keep their size beside those of the labels."""
        with paddle.no_grad():
            answers = self.network(images)
            if not isinstance(answers, paddle.Tensor):
                raise UserError(
                    "train.teacher.backbone: this network has several outputs in one. Take another teacher."
                )
            answers = self.entropy.probabilities(answers / self.temperature)
        return self.entropy.of_images(logits / self.temperature, answers).mean() * self.temperature**2


def distillation(
    teacher: Teacher | None, classes: int, seed: int, entropy: Entropy = ENTROPIES["one"]
) -> Distillation | None:
    """The teacher of a config, loaded. Raises UserError for an unknown backbone, and for weights that do not fit it and
    the classes."""
    if teacher is None:
        return None
    network = build_teacher(teacher.backbone, classes, teacher.weights, seed)
    network.eval()
    return Distillation(network, teacher.temperature, teacher.share, entropy)
