"""Stage 1: from a config to a fine-tuned model, its labels and its accuracy."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import paddle
from PIL import Image as Pillow

from paddle_cortexm.answers.kinds import AnswerKind, kind_of
from paddle_cortexm.answers.thresholds import answers_of
from paddle_cortexm.artefacts.answers import Kind
from paddle_cortexm.artefacts.training import AnyScores, Epoch, TrainingMetrics, write_labels
from paddle_cortexm.config import Config
from paddle_cortexm.data.calibration import check_calibration
from paddle_cortexm.data.datasets import Splits, answer_kind, class_count, is_measurable
from paddle_cortexm.data.files.external_files import external_files
from paddle_cortexm.data.pixels import Pixels, open_pixels
from paddle_cortexm.data.preprocessing import normalisation_table
from paddle_cortexm.data.splits import open_splits
from paddle_cortexm.errors import UserError
from paddle_cortexm.networks.build import Backbone, build
from paddle_cortexm.networks.paddleclas import IMAGENET_CLASSES, imagenet_labels, task_labels
from paddle_cortexm.stage import STAGES, config_values
from paddle_cortexm.text_files import read_lines
from paddle_cortexm.training.batches import Batches
from paddle_cortexm.training.checkpoint import Checkpoint, basis_of
from paddle_cortexm.training.device import use_device
from paddle_cortexm.training.distributed.group import Group
from paddle_cortexm.training.evaluation import network_logits
from paddle_cortexm.training.learning_curve import draw_learning_curve
from paddle_cortexm.training.loop import Material, train
from paddle_cortexm.training.recipe.loss import Loss
from paddle_cortexm.training.recipe.recipe import recipe_loss, recipe_parts
from paddle_cortexm.training.small_maps import speed_up_small_maps
from paddle_cortexm.training.status import Status

STAGE = "01_finetune"
CHECKPOINT_FOLDER = f".{STAGE}.checkpoint"  # beside the stage's folder


def finetune(config: Config, folder: Path, group: Group, *, quiet: bool = False) -> None:
    """Fill the folder: model.pdparams, labels.txt, answers.json, metrics.json, demo.png and, if trained,
    learning_curve.png.

    Resumes from build/NAME/.01_finetune.checkpoint. With several processes each calls this, and the first one writes.
    """
    use_device(config.train)
    splits = open_splits(config)
    kind = answer_kind(config, splits)
    classes = class_count(config, splits, kind)
    answers = answers_of(kind, classes, config.model.threshold)
    check_calibration(config, splits)  # found now, not after hours of training
    labels = label_names(config, splits, classes)
    model, settings = config.model, config.train
    backbone = build(
        model.backbone,
        classes,
        model.weights,
        settings.seed,
        shape=config.input.shape,
        arguments=model.arguments,
        url=model.weights_url,
        is_trained=settings.epochs > 0,
    )
    if group.leads:
        print(*backbone.notes, sep="\n", end="\n" if backbone.notes else "")
    table = normalisation_table(config.input.mean, config.input.std)
    silent = quiet or not group.leads
    what = "validation images" if splits.shown is splits.validation else "calibration images"
    validation = open_pixels(splits.shown, config.input, what, quiet=silent)
    epochs: list[Epoch] = []
    unreadable = validation.unreadable
    if config.train.epochs:
        if group.leads and config.train.frozen_epochs >= config.train.epochs:
            print("train.frozen_epochs is no less than train.epochs: only the classifier is trained")
        batches = Batches(splits.train, config, group)
        material = Material(batches, validation, table, kind_of(answers))
        loss = training_loss(config, splits, classes, kind)
        parts = recipe_parts(backbone.network, config.train, classes, group, head=backbone.head)
        checkpoint, status = checkpoint_of(config, folder), Status(quiet=quiet, shown=group.leads)
        group.join()
        epochs = train(
            backbone.network,
            material,
            config.train,
            checkpoint,
            group,
            status,
            loss=loss,
            parts=parts,
            head=backbone.head,
        )
        unreadable += tuple(sorted(group.union(batches.unreadable)))
    if group.leads:
        logits = network_logits(backbone.network, validation, table)
        if not np.isfinite(logits).all():
            raise UserError(
                f"the network's answers are not finite numbers. Choose a lower train.learning_rate (it is "
                f"{config.train.learning_rate:g}), or other model.weights."
            )
        paddle.save(backbone.network.state_dict(), str(folder / "model.pdparams"))
        write_labels(folder, labels)
        answers.write(folder)
        write_demo(folder / "demo.png", splits, validation, logits, kind_of(answers))
        measurable = is_measurable(config, splits, kind)
        measured = kind_of(answers).scores(logits, validation.targets) if measurable else None
        metrics(config, backbone, splits, epochs, measured, unreadable).write(folder)
        if epochs:
            title, merit = f"{config.name}: {config.model.backbone}", kind_of(answers).merit
            draw_learning_curve(epochs, title, folder / "learning_curve.png", merit)


def training_loss(config: Config, splits: Splits, classes: int, kind: Kind) -> Loss:
    """The loss that section train asks for, its teacher loaded."""
    loss = recipe_loss(config.train, splits.train.targets, classes, kind)
    if loss.teacher:
        speed_up_small_maps(loss.teacher.network)
    return loss


def checkpoint_of(config: Config, folder: Path) -> Checkpoint:
    """The checkpoint beside the stage's folder, good for exactly this config's training on these files."""
    spec = STAGES[STAGE]
    basis = {**config_values(config, spec), "files": spec.files(external_files(config))}
    return Checkpoint(folder.parent / CHECKPOINT_FOLDER, basis_of(basis))


def label_names(config: Config, splits: Splits, classes: int) -> list[str]:
    """A name a class: the config's label file, the names of a task that is deployed as it is, the data's class names,
    or ImageNet's for 1000 classes."""
    path = config.model.labels
    if path is not None:
        if not path.is_file():
            raise UserError(f"model.labels: no file {path}")
        names = read_lines(path)
        if len(names) != classes:
            raise UserError(f"model.labels: {path} has {len(names)} lines, but the model has {classes} classes")
        return names
    if config.model.task and not config.train.epochs:
        return task_labels(config.model.task)
    if classes == len(splits.class_names):
        return list(splits.class_names)
    return imagenet_labels() if classes == IMAGENET_CLASSES else [f"class {number}" for number in range(classes)]


def write_demo(path: Path, splits: Splits, validation: Pixels, logits: np.ndarray, kind: AnswerKind) -> None:
    """The raw image that the model is surest of, among those it gets right, for the later stages to show."""
    margins, decisions, targets = kind.margins(logits), kind.decisions(logits), validation.targets
    right = np.ones(len(logits), bool)  # where nothing says what would be
    if decisions.shape == targets.shape:
        right = (decisions == targets).reshape(len(logits), -1).all(axis=1)
    best = int(np.argmax(np.where(right, margins, -np.inf)))
    Pillow.fromarray(splits.shown.read(int(validation.indices[best]))).save(path)


def metrics(
    config: Config,
    backbone: Backbone,
    splits: Splits,
    epochs: Sequence[Epoch],
    measured: AnyScores | None,
    unreadable: Sequence[str],
) -> TrainingMetrics:
    """What stage 1 says of the network."""
    parameters = sum(int(np.prod(p.shape)) for p in backbone.network.parameters())
    names = ("train", "validation", "calibration")
    return TrainingMetrics(
        backbone=config.model.backbone,
        parameters=parameters,
        weights=config.model.weights,
        notes=backbone.notes,
        images={name: len(getattr(splits, name).targets) for name in names},
        unreadable=tuple(unreadable),
        validation=measured,
        epochs=tuple(epochs),
    )
