"""The training loop: batches, one optimiser step each, an accuracy an epoch.

Everything random in an epoch follows from the seed and the epoch's number, so a run that was interrupted and resumed
ends with the same weights as one that was not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import paddle
from numpy.typing import NDArray

from paddle_cortexm.artefacts.training import Epoch
from paddle_cortexm.config import Train
from paddle_cortexm.data.augmentation import Augmentation
from paddle_cortexm.data.pixels import Pixels, network_input
from paddle_cortexm.errors import UserError
from paddle_cortexm.training.checkpoint import Checkpoint
from paddle_cortexm.training.evaluation import network_logits, scores
from paddle_cortexm.training.processes import Group
from paddle_cortexm.training.schedule import learning_rate
from paddle_cortexm.training.small_maps import speed_up_small_maps
from paddle_cortexm.training.status import Status

MOMENTUM = 0.9
SMALLEST_BATCH = 2  # batch norm needs more than one image


@dataclass(frozen=True)
class Material:
    """What a network is trained on. table: (3, 256) normalisation; size: side of the network's input, pixels."""

    train: Pixels
    validation: Pixels
    table: NDArray[np.generic]
    size: int


def train(
    network: paddle.nn.Layer,
    material: Material,
    settings: Train,
    checkpoint: Checkpoint,
    group: Group,
    status: Status,
    before_epoch: Callable[[int], None] = lambda number: None,
) -> list[Epoch]:
    """Train the network in place for settings.epochs, going on from the checkpoint if there is one; returns what is
    known of every epoch. before_epoch is called with each epoch's number (from 1). Raises UserError when there are too
    few images for a batch, and when the loss is no longer a number."""
    images = _batch_size(settings, len(material.train), group)
    steps = len(material.train) // images
    speed_up_small_maps(network)
    optimiser = _optimiser(network, settings)
    epochs = checkpoint.restore(network, optimiser)
    status.start(settings.epochs, steps, len(epochs))
    for number in range(len(epochs) + 1, settings.epochs + 1):
        rates = [
            learning_rate(step, steps * settings.epochs, round(steps * settings.warmup_epochs), settings.learning_rate)
            for step in range((number - 1) * steps, number * steps)
        ]
        before_epoch(number)
        paddle.seed(settings.seed + number)
        network.train()
        loss, train_top1 = _one_epoch(network, optimiser, material, settings, rates, number, images, group, status)
        group.average([tensor for tensor in network.state_dict().values() if tensor.stop_gradient])
        top1 = scores(network_logits(network, material.validation, material.table), material.validation.targets).top1
        epochs.append(
            Epoch(epoch=number, learning_rate=rates[-1], loss=loss, train_top1=train_top1, validation_top1=top1)
        )
        if group.leads:
            checkpoint.save(network, optimiser, epochs)
        status.epoch_done(epochs[-1])
    status.close()
    return epochs


def _batch_size(settings: Train, images: int, group: Group) -> int:
    """Images a step over all processes: the config's batch size, less where there are not so many images."""
    if settings.batch_size % group.size:
        raise UserError(f"train.batch_size {settings.batch_size} is not a multiple of train.processes {group.size}")
    batch = min(settings.batch_size, images // group.size * group.size)
    if batch < SMALLEST_BATCH * group.size:
        raise UserError(f"train: {images} training images are too few for {group.size} process(es). Add images.")
    return batch


def _optimiser(network: paddle.nn.Layer, settings: Train) -> paddle.optimizer.Optimizer:
    """AdamW, or momentum with Nesterov's correction; weight decay on weights only, not on biases and batch norm."""
    weights = [p for p in network.parameters() if p.ndim > 1 and not p.stop_gradient]
    others = [p for p in network.parameters() if p.ndim <= 1 and not p.stop_gradient]
    groups = [
        {"params": weights, "weight_decay": settings.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    if settings.optimiser == "adamw":
        return paddle.optimizer.AdamW(settings.learning_rate, parameters=groups)
    return paddle.optimizer.Momentum(settings.learning_rate, MOMENTUM, parameters=groups, use_nesterov=True)


def _one_epoch(
    network: paddle.nn.Layer,
    optimiser: paddle.optimizer.Optimizer,
    material: Material,
    settings: Train,
    rates: list[float],
    number: int,
    images: int,
    group: Group,
    status: Status,
) -> tuple[float, float]:
    """One pass over the training images; returns the mean loss and the accuracy on the augmented images."""
    trainable = [p for p in network.parameters() if not p.stop_gradient]
    losses, hits = [], []
    for rate, (inputs, targets) in zip(rates, _batches(material, settings, number, images, group), strict=True):
        logits = network(paddle.to_tensor(inputs))
        labels = paddle.to_tensor(targets)
        loss = paddle.nn.functional.cross_entropy(logits, labels, label_smoothing=settings.label_smoothing)
        loss.backward()
        group.average([p.grad for p in trainable if p.grad is not None])
        optimiser.set_lr(rate)
        optimiser.step()
        optimiser.clear_grad()
        losses.append(float(loss))
        if not np.isfinite(losses[-1]):
            raise UserError(
                f"training diverged in epoch {number}: the loss is {losses[-1]}. Choose a lower learning_rate (it was "
                f"{rate:g}) or more warmup_epochs, then run this again."
            )
        hits.append(float((logits.numpy().argmax(axis=1) == targets).mean()))
        status.step_done(losses[-1], float(np.mean(hits)))
    figures = paddle.to_tensor([np.mean(losses), np.mean(hits)], dtype="float64")
    group.average([figures])
    return float(figures[0]), float(figures[1])


def _batches(
    material: Material, settings: Train, number: int, images: int, group: Group
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.int64]]]:
    """This process's share of every batch of an epoch; the next one is prepared while the last one is in use."""
    order = np.random.default_rng([settings.seed, number]).permutation(len(material.train))
    augment = Augmentation.of(settings)

    def prepare(step: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        chosen = np.sort(group.shard(order[step * images : (step + 1) * images]))
        random = np.random.default_rng([settings.seed, number, step, group.rank])
        pixels = augment(material.train.images[chosen], material.size, random)
        return network_input(pixels, material.table), material.train.targets[chosen]

    with ThreadPoolExecutor(1) as ahead:
        steps = len(order) // images
        waiting = ahead.submit(prepare, 0)
        for step in range(steps):
            ready = waiting.result()
            if step + 1 < steps:
                waiting = ahead.submit(prepare, step + 1)
            yield ready
