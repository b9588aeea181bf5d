"""The training loop: batches, one optimiser step each, an accuracy an epoch.

Everything random in an epoch follows from the seed and the epoch's number, so a run that was interrupted and resumed
ends with the same weights as one that was not.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np
import paddle
from numpy.typing import NDArray

from paddle_cortexm.answers.kinds import ONE_CLASS, AnswerKind
from paddle_cortexm.artefacts.training import Epoch
from paddle_cortexm.config import Train
from paddle_cortexm.data.pixels import Pixels
from paddle_cortexm.data.preprocessing import Table
from paddle_cortexm.errors import UserError
from paddle_cortexm.training.batches import Batches
from paddle_cortexm.training.checkpoint import Checkpoint, State
from paddle_cortexm.training.distributed.group import Group
from paddle_cortexm.training.evaluation import merit_of
from paddle_cortexm.training.optimiser import epoch_rates, make_optimiser
from paddle_cortexm.training.recipe.loss import Loss
from paddle_cortexm.training.recipe.parts import Batch, LossFunction, Part
from paddle_cortexm.training.small_maps import speed_up_small_maps
from paddle_cortexm.training.status import Status


@dataclass(frozen=True)
class Material:
    """What a network is trained on and measured with. table: (3, 256) normalisation of the validation images; kind:
    what the network answers."""

    train: Batches
    validation: Pixels
    table: Table
    kind: AnswerKind = ONE_CLASS


def train(
    network: paddle.nn.Layer,
    material: Material,
    settings: Train,
    checkpoint: Checkpoint,
    group: Group,
    status: Status,
    *,
    loss: LossFunction | None = None,
    parts: Sequence[Part] = (),
    head: Collection[str] = (),
) -> list[Epoch]:
    """Train the network in place for settings.epochs, going on from the checkpoint if there is one; returns what is
    known of every epoch. loss: None for cross entropy; head: names of the classifier's parameters. Raises UserError
    when the loss is no longer a number."""
    speed_up_small_maps(network)
    scaler = paddle.amp.GradScaler(enable=settings.mixed_precision)
    state = State(network, make_optimiser(network, settings, head), scaler, parts)
    epochs = checkpoint.restore(state, group)
    parallel = group.parallel(network, freezes=settings.frozen_epochs > 0)
    run = _Run(parallel, state, settings, group, status, loss or Loss(settings.label_smoothing))
    status.start(settings.epochs, material.train.steps, len(epochs))
    for number in range(len(epochs) + 1, settings.epochs + 1):
        if reason := "; ".join(filter(None, (part.reason_to_stop() for part in parts))):
            status.stopped(number - 1, reason)
            break
        network.train()
        for part in parts:
            part.before_epoch(number)
        epochs.append(run.measured(number, run.epoch(number, material), material))
        if group.leads:
            checkpoint.save(state, epochs)
        status.epoch_done(epochs[-1])
    for part in parts:
        status.say(part.finish())
    status.close()
    return epochs


@dataclass(frozen=True)
class _Run:
    """One training run. network: the one whose gradients are averaged over the group."""

    network: paddle.nn.Layer
    state: State
    settings: Train
    group: Group
    status: Status
    loss: LossFunction

    def epoch(self, number: int, material: Material) -> tuple[float, float]:
        """One pass over the training images; returns the mean loss and the accuracy on the images as trained on."""
        paddle.seed(self.settings.seed + number)
        batches, kind = material.train, material.kind
        losses: list[float] = []
        counts: list[NDArray[np.float64]] = []
        rates = epoch_rates(self.settings, batches.steps, number)
        for step, (rate, batch) in enumerate(zip(rates, batches.epoch(number), strict=True)):
            loss, counted = self.step(rate, self.changed(batch, number, step), kind)
            if not np.isfinite(loss):
                raise UserError(
                    f"training diverged in epoch {number}: the loss is {loss}. Choose a lower learning_rate (it was "
                    f"{rate:g}) or more warmup_epochs, then run this again."
                )
            losses.append(loss)
            counts.append(counted)
            self.status.step_done(loss, kind.merit_of(np.sum(counts, axis=0)))
        mean_loss, *mean_counts = self.group.mean([float(np.mean(losses)), *np.sum(counts, axis=0).tolist()])
        return mean_loss, kind.merit_of(np.array(mean_counts))

    def measured(self, number: int, figures: tuple[float, float], material: Material) -> Epoch:
        """What is known of an epoch, the validation accuracy with the weights that would be kept. figures: what `epoch`
        returned."""
        network, parts = self.state.network, self.state.parts
        self.group.average([tensor for tensor in network.state_dict().values() if tensor.stop_gradient])
        with ExitStack() as measuring:
            for part in parts:
                measuring.enter_context(part.measuring())
            epoch = Epoch(
                epoch=number,
                learning_rate=self.state.optimiser.get_lr(),
                loss=figures[0],
                train_accuracy=figures[1],
                validation_accuracy=merit_of(network, material.validation, material.table, self.group, material.kind),
            )
            for part in parts:
                part.after_epoch(epoch)
        return epoch

    def changed(self, batch: Batch, number: int, step: int) -> Batch:
        """The batch as the parts want it."""
        random = np.random.default_rng([self.settings.seed, number, step, self.group.rank])
        for part in self.state.parts:
            batch = part.change_batch(batch, random)
        return batch

    def step(self, rate: float, batch: Batch, kind: AnswerKind) -> tuple[float, NDArray[np.float64]]:
        """One step of the optimiser; returns the loss and the counts of this process's batch."""
        optimiser, scaler = self.state.optimiser, self.state.scaler
        with paddle.amp.auto_cast(enable=self.settings.mixed_precision):
            logits = self.network(batch.inputs)
            loss = self.loss(logits, batch)
        scaler.scale(loss).backward()
        optimiser.set_lr(rate)
        scaler.step(optimiser)
        scaler.update()
        optimiser.clear_grad()
        for part in self.state.parts:
            part.after_step()
        return float(loss), kind.counts(kind.decisions(logits.numpy()), batch.targets.numpy())
