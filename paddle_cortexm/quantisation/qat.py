"""Grid-aware training: the fine-tuned model trained on, on the integer grid it is deployed with.

Starts from post-training quantisation. Batch norm follows the batches in the first part of the epochs; then its
statistics are frozen and every range is calibrated again, for the weights as they are by then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import paddle
from numpy.typing import NDArray

from paddle_cortexm.answers.kinds import AnswerKind
from paddle_cortexm.artefacts.quantisation import TensorRange, intervals, wide_tensors
from paddle_cortexm.artefacts.training import Epoch
from paddle_cortexm.compiler.integers.adjustments import Adjusted
from paddle_cortexm.compiler.integers.grids import tensor_grids
from paddle_cortexm.compiler.tensor import Range
from paddle_cortexm.config import Quantise, Train
from paddle_cortexm.quantisation.networks.grid_network import GridNetwork
from paddle_cortexm.quantisation.post_training import PostTraining, Quantised
from paddle_cortexm.quantisation.ranges.wide_choice import wide_range
from paddle_cortexm.training.checkpoint import Checkpoint
from paddle_cortexm.training.distributed.group import Group
from paddle_cortexm.training.loop import Material, train
from paddle_cortexm.training.recipe.distillation import Distillation
from paddle_cortexm.training.recipe.parts import Part
from paddle_cortexm.training.recipe.recipe import recipe_loss, recipe_parts
from paddle_cortexm.training.status import Status

Ranges = dict[str, TensorRange]


class _RangedNetwork(GridNetwork):
    """A grid network whose ranges are part of its state, so that a checkpoint holds them."""

    def __init__(self, start: Quantised, pixel_range: Range) -> None:
        super().__init__(start.reference, start.grids, start.recipe.keep_float)
        self.recipe, self.pixel_range = start.recipe, pixel_range
        self.bits = {name: entry.bits for name, entry in start.ranges.items()}
        self.register_buffer("ranges", paddle.zeros([len(self.bits), 2]))
        self.set_ranges(start.ranges)

    def set_ranges(self, ranges: Mapping[str, TensorRange]) -> None:
        ends = [[ranges[name].minimum, ranges[name].maximum] for name in self.bits]
        self.ranges.set_value(paddle.to_tensor(np.array(ends, np.float32)))
        self.use_ranges()

    def use_ranges(self) -> None:
        """Make the grids those of the ranges in the state (after a checkpoint was restored)."""
        found, symmetric = self.stored_ranges(), self.recipe.symmetric
        self.grids = dict(
            tensor_grids(self.graph, intervals(found), self.pixel_range, symmetric=symmetric, wide=wide_tensors(found))
        )

    def stored_ranges(self) -> Ranges:
        """Those in the state, by tensor."""
        source = f"qat-{self.recipe.algorithm}"
        ends = self.ranges.numpy().tolist()
        return {
            name: TensorRange(minimum=low, maximum=high, source=source, bits=bits)
            for (name, bits), (low, high) in zip(self.bits.items(), ends, strict=True)
        }


class _Freezing(Part):
    """Freezes batch norm and calibrates again after so many epochs. images: (N, H, W, 3) calibration images."""

    def __init__(
        self, network: _RangedNetwork, images: NDArray[np.float32], free_epochs: int, kind: AnswerKind, *, quiet: bool
    ) -> None:
        self._network, self._images, self._free_epochs, self._quiet = network, images, free_epochs, quiet
        self._kind = kind

    def before_epoch(self, number: int) -> None:
        self._network.use_ranges()
        if number == self._free_epochs + 1:
            self._network.set_ranges(_calibrated(self._network, self._images, self._kind, quiet=self._quiet))
        if number > self._free_epochs:
            self._network.freeze()


def train_on_grid(
    start: Quantised,
    material: Material,
    settings: tuple[Train, Quantise],
    images: NDArray[np.float32],
    pixel_range: Range,
    checkpoint: Checkpoint,
    *,
    teacher: paddle.nn.Layer | None = None,
    quiet: bool,
) -> tuple[Quantised, list[Epoch]]:
    """Train on from a post-training quantised model, by the recipe of section train but for what `_settings` changes.

    images: (N, H, W, 3) calibration images; teacher: the float network, whose answers are learned as far as
    quantise.distillation says. Returns the quantised model and what is known of every epoch.
    """
    training, quantise = settings
    paddle.seed(training.seed)
    network = _RangedNetwork(start, pixel_range)
    network.set_statistics(images.transpose(0, 3, 1, 2))
    free_epochs = round(quantise.freeze_batch_norm_after * quantise.epochs)
    freezing = _Freezing(network, images, free_epochs, material.kind, quiet=quiet)
    run = _settings(training, quantise)
    classes = start.reference.tensors[start.reference.output].shape[-1]
    loss = recipe_loss(run, material.train.targets, classes, material.kind.name)
    if teacher and quantise.distillation:
        loss = replace(loss, teacher=Distillation(teacher, 1.0, quantise.distillation, loss.entropy))
    parts = [freezing, *recipe_parts(network, run, classes, Group())]
    status = Status(quiet=quiet, shown=True)
    epochs = train(network, material, run, checkpoint, Group(), status, loss=loss, parts=parts)
    network.use_ranges()
    if free_epochs >= quantise.epochs:
        network.set_ranges(_calibrated(network, images, material.kind, quiet=quiet))
    trained = network.trained_graph()
    made = replace(
        start,
        reference=trained,
        deployed=Adjusted(trained),
        ranges=network.stored_ranges(),
        grids=network.grids,
        noise={},
    )
    return made, epochs


def _settings(training: Train, quantise: Quantise) -> Train:
    """Section train as it holds on the grid: for its own epochs at its own rate, all layers alike, as all have to get
    used to the grid; without a choice among epochs, as the ranges are the last one's; and in float32, as the grid's
    steps are finer than float16's."""
    return training.model_copy(
        update={
            "epochs": quantise.epochs,
            "learning_rate": quantise.learning_rate,
            "warmup_epochs": 0.0,
            "frozen_epochs": 0,
            "backbone_rate": 1.0,
            "ema": None,
            "early_stopping": None,
            "teacher": None,
            "mixed_precision": False,
        }
    )


def _calibrated(network: _RangedNetwork, images: NDArray[np.float32], kind: AnswerKind, *, quiet: bool) -> Ranges:
    """Ranges for the weights as they are, as the recipe finds them, all by our own implementation of its algorithm:
    PaddleSlim's thresholds were those of the weights before. What has 16 bits keeps them."""
    recipe = network.recipe.model_copy(update={"equalisation": False, "int16": False})
    calibration = PostTraining(network.trained_graph(), images, lambda *_: {}, network.pixel_range, kind, quiet=quiet)
    made = calibration.quantised(recipe)
    return {
        name: wide_range(made.seen[name]) if network.bits[name] == 16 else entry for name, entry in made.ranges.items()
    }
