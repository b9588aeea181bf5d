"""Stage 1 for an exported program: nothing is trained; it is made plain, its accuracy measured, its labels read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import paddle
from numpy.typing import NDArray

from paddle_cortexm.answers.kinds import kind_of
from paddle_cortexm.answers.thresholds import answers_of
from paddle_cortexm.artefacts.training import ProgramScales, TrainingMetrics, write_labels
from paddle_cortexm.compiler.frontend.exported.normalisation import check_normalisation
from paddle_cortexm.compiler.frontend.exported.plain import PlainProgram, plain_program
from paddle_cortexm.compiler.frontend.exported.write import write_program
from paddle_cortexm.compiler.operators.parts.activation_kinds import SIGMOID
from paddle_cortexm.config import Config
from paddle_cortexm.data.calibration import check_calibration
from paddle_cortexm.data.datasets import answer_kind, class_count, is_measurable
from paddle_cortexm.data.pixels import open_pixels
from paddle_cortexm.data.preprocessing import normalisation_table
from paddle_cortexm.data.splits import open_splits
from paddle_cortexm.errors import UserError
from paddle_cortexm.networks.published import program_path
from paddle_cortexm.training.device import use_device
from paddle_cortexm.training.evaluation import all_logits
from paddle_cortexm.training.finetune import label_names, write_demo


def take_program(config: Config, folder: Path, *, quiet: bool = False) -> None:
    """Fill the folder: model.pdmodel, model.pdiparams and parameters.json (the plain program), labels.txt,
    answers.json, metrics.json, demo.png and, for a quantised program, scales.json."""
    assert config.model.program is not None, "a config without a program goes to finetune"
    path = program_path(config.model.program)
    use_device(config.train)
    splits = open_splits(config)
    plain = plain_program(path, config.input.size, config.model.output)
    check_fits(config, plain)
    kind = answer_kind(config, splits, ends_in_sigmoid=plain.closing == SIGMOID)
    classes = class_count(config, splits, kind)
    if classes != plain.classes:
        raise UserError(f"model.classes: {path} has {plain.classes} classes, not {classes}: set model.classes")
    check_calibration(config, splits)
    print(*plain.notes, sep="\n", end="\n" if plain.notes else "")
    write_program(plain.program, folder)
    if plain.is_quantised:
        steps = {name: tuple(values.tolist()) for name, values in plain.weight_steps.items()}
        ProgramScales(thresholds=plain.program.thresholds, weight_steps=steps).write(folder)
    what = "validation images" if splits.shown is splits.validation else "calibration images"
    images = open_pixels(splits.shown, config.input, what, quiet=quiet)
    network = load_program(folder)

    def run(batch: NDArray[np.float32]) -> NDArray[np.float32]:
        with paddle.no_grad():
            return network(paddle.to_tensor(batch)).numpy().reshape(len(batch), -1)

    answers = answers_of(kind, classes, config.model.threshold)
    given = all_logits(run, images, normalisation_table(config.input.mean, config.input.std))
    logits = as_logits(given, plain.closing) if answers.thresholds else given
    write_labels(folder, label_names(config, splits, classes))
    answers.write(folder)
    write_demo(folder / "demo.png", splits, images, logits, kind_of(answers))
    TrainingMetrics(
        backbone=config.model.title,
        parameters=sum(values.size for values in plain.program.parameters.values()),
        weights=str(path),
        notes=plain.notes,
        images={name: len(getattr(splits, name).targets) for name in ("train", "validation", "calibration")},
        unreadable=images.unreadable,
        validation=kind_of(answers).scores(logits, images.targets) if is_measurable(config, splits, kind) else None,
        epochs=(),
    ).write(folder)


def as_logits(scores: NDArray[np.float32], closing: str) -> NDArray[np.float32]:
    """What a program gave before its closing operator; up to a constant an image for a softmax, and cut off where
    float32 is."""
    least = np.finfo(np.float32).eps / 2
    if closing == "softmax":
        return np.log(np.maximum(scores, least))
    if closing != SIGMOID:
        return scores
    inside = np.clip(scores, least, 1 - least)
    return np.log(inside) - np.log1p(-inside)


def check_fits(config: Config, plain: PlainProgram) -> None:
    """Raise UserError, with what to write, where the config's images are not what the program takes."""
    size, channels = plain.image_size, plain.program.shapes[plain.program.input][1]
    if size != config.input.size:
        raise UserError(f"model.image_size: the program takes images of {list(size)} (height, width): set it to that")
    if channels != config.input.shape[2]:
        allowed = {1: "grey", 3: "rgb or bgr"}.get(channels, "nothing that there is, they are 1 or 3")
        raise UserError(f"data.colour: the program takes {channels} channels: set data.colour to {allowed}")
    check_normalisation(plain.steps, config.input.mean, config.input.std)


def load_program(folder: Path) -> paddle.nn.Layer:
    """The plain program as a network: (N, C, H, W) float32 -> what it gives."""
    network = paddle.jit.load(str(folder / "model"))
    network.eval()
    return network
