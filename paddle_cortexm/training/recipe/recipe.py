"""The recipe of a config: which parts take part in training, and what the loss counts."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import paddle
from numpy.typing import NDArray

from paddle_cortexm.artefacts.answers import Kind
from paddle_cortexm.config import Train
from paddle_cortexm.training.distributed.group import Group
from paddle_cortexm.training.recipe.class_weights import WEIGHTS
from paddle_cortexm.training.recipe.distillation import distillation
from paddle_cortexm.training.recipe.entropy import entropy_of
from paddle_cortexm.training.recipe.freezing import FrozenBackbone
from paddle_cortexm.training.recipe.kept_weights import EarlyStopping, MovingAverage
from paddle_cortexm.training.recipe.loss import Loss
from paddle_cortexm.training.recipe.mixing import Mixing
from paddle_cortexm.training.recipe.parts import Part


def recipe_parts(
    network: paddle.nn.Layer, settings: Train, classes: int, group: Group, *, head: Collection[str] = ()
) -> list[Part]:
    """The parts that the config asks for; head: names of the classifier's parameters, which are not frozen. The best
    epoch's weights go over the moving average: they are what it was."""
    parts: list[Part] = []
    if settings.mixup or settings.cutmix:
        parts.append(Mixing(settings.mixup, settings.cutmix, classes))
    if settings.frozen_epochs:
        parts.append(FrozenBackbone(network, head, settings.frozen_epochs))
    if settings.ema:
        parts.append(MovingAverage(network, settings.ema, group))
    if settings.early_stopping:
        parts.append(EarlyStopping(network, settings.early_stopping))
    return parts


def recipe_loss(settings: Train, targets: NDArray[np.int64], classes: int, kind: Kind = "one") -> Loss:
    """The loss that the config asks for; targets: of all training images, as of data.datasets.Dataset. Raises UserError
    for class weights and a teacher that do not fit."""
    entropy = entropy_of(kind)
    weights = WEIGHTS[kind](settings.class_weights, targets, classes)
    return Loss(
        settings.label_smoothing,
        None if weights is None else paddle.to_tensor(weights),
        distillation(settings.teacher, classes, settings.seed, entropy),
        entropy,
    )
