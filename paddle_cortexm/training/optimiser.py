"""The optimiser of a config: what is updated how, and the learning rate of every step."""

from __future__ import annotations

import math
from collections.abc import Collection

import paddle

from paddle_cortexm.config import Train

MOMENTUM = 0.9


def make_optimiser(network: paddle.nn.Layer, settings: Train, head: Collection[str] = ()) -> paddle.optimizer.Optimizer:
    """AdamW, or momentum with Nesterov's correction; weight decay on weights only, not on biases and batch norm. head:
    names of the classifier's parameters, which learn at the whole rate."""
    alike: dict[tuple[float, float], list[paddle.Tensor]] = {}  # by share of the learning rate and weight decay
    for name, parameter in network.named_parameters():
        if not parameter.stop_gradient:
            rate = 1.0 if name in head else settings.backbone_rate
            decay = settings.weight_decay if parameter.ndim > 1 else 0.0
            alike.setdefault((rate, decay), []).append(parameter)
    groups = [
        {"params": parameters, "learning_rate": rate, "weight_decay": decay}
        for (rate, decay), parameters in alike.items()
    ]
    if settings.optimiser == "adamw":
        return paddle.optimizer.AdamW(settings.learning_rate, parameters=groups)
    return paddle.optimizer.Momentum(settings.learning_rate, MOMENTUM, parameters=groups, use_nesterov=True)


def learning_rate(step: int, steps: int, warmup_steps: int, highest: float) -> float:
    """The rate for optimiser step `step` (from 0) of `steps`: the first warmup_steps rise linearly to `highest`, the
    others fall to zero along half a cosine."""
    if step < warmup_steps:
        return highest * (step + 1) / warmup_steps
    share = (step - warmup_steps) / max(1, steps - warmup_steps)
    return highest * 0.5 * (1 + math.cos(math.pi * share))


def epoch_rates(settings: Train, steps: int, number: int) -> list[float]:
    """The rate of each of the `steps` of an epoch, numbered from 1."""
    warmup = round(steps * settings.warmup_epochs)
    first = (number - 1) * steps
    return [
        learning_rate(step, steps * settings.epochs, warmup, settings.learning_rate)
        for step in range(first, first + steps)
    ]
