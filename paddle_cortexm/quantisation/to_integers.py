"""The int8 part of stage 2: ranges, rounded weights, perhaps training on the grid; what metrics.json says of it."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.answers.kinds import AnswerKind, kind_of
from paddle_cortexm.artefacts.answers import Answers
from paddle_cortexm.artefacts.quantisation import Ranges, Recipe, TensorCounts, TriedRecipe, wide_tensors
from paddle_cortexm.artefacts.training import Epoch, ProgramScales
from paddle_cortexm.compiler.graph import Graph
from paddle_cortexm.compiler.integers import adjustments
from paddle_cortexm.compiler.integers.realisation import kept_layers
from paddle_cortexm.config import Config
from paddle_cortexm.data.datasets import Splits, why_unmeasured
from paddle_cortexm.data.files.external_files import external_files
from paddle_cortexm.data.pixels import Pixels
from paddle_cortexm.data.preprocessing import input_range, normalisation_table
from paddle_cortexm.dependencies import sha256
from paddle_cortexm.errors import UserError
from paddle_cortexm.quantisation.networks.graph_program import export_graph
from paddle_cortexm.quantisation.networks.paddle_graph import FloatNetwork
from paddle_cortexm.quantisation.networks.programs import STEM
from paddle_cortexm.quantisation.own_scales import with_own_scales
from paddle_cortexm.quantisation.post_training import PostTraining, Quantised, Thresholds
from paddle_cortexm.quantisation.qat import train_on_grid
from paddle_cortexm.quantisation.ranges.observation import PADDLESLIM, constant_tensors
from paddle_cortexm.quantisation.ranges.paddleslim import calibrate
from paddle_cortexm.quantisation.ranges.thresholds import OWN_ALGORITHM
from paddle_cortexm.quantisation.recipe_choice import HELD_OUT, best_recipe
from paddle_cortexm.stage import STAGES, config_values
from paddle_cortexm.training.batches import Batches
from paddle_cortexm.training.checkpoint import Checkpoint, basis_of
from paddle_cortexm.training.distributed.group import Group
from paddle_cortexm.training.loop import Material


def to_integers(
    config: Config,
    graph: Graph,
    splits: Splits,
    answers: Answers,
    images: NDArray[np.float32],
    folder: Path,
    validation: Pixels | None,
    scales: ProgramScales | None = None,
    *,
    quiet: bool,
) -> dict[str, Any]:
    """Write ranges.json and the changed weights; returns what metrics.json says about them. graph: the float graph up
    to the logits; answers: what these mean; images: (N, 3, H, W), for calibration; folder: that of the program the
    graph was imported from; scales: of a program that was quantised before."""
    recipe = Recipe.of(config.quantise).model_copy(
        update={"keep_float": kept_layers(graph, config.quantise.keep_float)}
    )
    in_nhwc = np.ascontiguousarray(images.transpose(0, 2, 3, 1))
    tried: list[TriedRecipe] = []
    if scales is not None:
        pixel_range = input_range(config.input.mean, config.input.std)
        made = with_own_scales(graph, in_nhwc, scales, recipe, pixel_range, quiet=quiet)
    else:
        with tempfile.TemporaryDirectory() as work:
            known = _paddles_thresholds(graph, images, Path(work))
            made, tried = _post_training(config, recipe, graph, in_nhwc, known, kind_of(answers), quiet=quiet)
    for name in constant_tensors(made.seen):
        print(f"warning: tensor '{name}' is constant over the calibration images: use more, or more varied, images")
    epochs: list[Epoch] = []
    if config.quantise.method == "qat":
        made, epochs = _trained(config, graph, made, in_nhwc, splits, answers, folder, validation, quiet=quiet)
    _write(folder, graph, made)
    return {
        "recipe": made.recipe,
        "calibration_images": len(images),
        "tensors": TensorCounts(
            paddleslim=sum(entry.source.startswith(PADDLESLIM) for entry in made.ranges.values()),
            wide=len(wide_tensors(made.ranges)),
            all=len(made.ranges),
        ),
        "noise": _decibels(sum(made.noise.values())),
        "tried": tried,
        "qat_epochs": epochs,
    }


def _decibels(power: float) -> float | None:
    """A share of power in decibels; None for no noise, and where it was not measured."""
    return 10 * math.log10(power) if power > 0 else None


def _paddles_thresholds(graph: Graph, images: NDArray[np.float32], work: Path) -> Thresholds:
    """PaddleSlim's calibration by algorithm and number of images, each done once. work: a folder for its programs."""
    floats = work / "program"
    floats.mkdir()
    names = export_graph(graph, floats)

    @cache
    def thresholds(algorithm: str, count: int) -> Mapping[str, float]:
        if algorithm == OWN_ALGORITHM:
            return {}
        known = calibrate(floats, images[:count], algorithm, work / f"{algorithm}_{count}")
        return {tensor: known[name] for tensor, name in names.items() if name in known}

    return thresholds


def _post_training(
    config: Config,
    recipe: Recipe,
    graph: Graph,
    images: NDArray[np.float32],
    known: Thresholds,
    kind: AnswerKind,
    *,
    quiet: bool,
) -> tuple[Quantised, list[TriedRecipe]]:
    """By the config's recipe or, with method auto, by the best that was found on held-out images; what was tried."""
    pixel_range = input_range(config.input.mean, config.input.std)
    tried: list[TriedRecipe] = []
    if config.quantise.method == "auto":
        count = len(images) - int(HELD_OUT * len(images))
        calibration = PostTraining(graph, images[:count], known, pixel_range, kind, quiet=quiet)
        recipe, tried = best_recipe(recipe, calibration, images[count:])
    return PostTraining(graph, images, known, pixel_range, kind, quiet=quiet).quantised(recipe), tried


def _trained(
    config: Config,
    graph: Graph,
    start: Quantised,
    images: NDArray[np.float32],
    splits: Splits,
    answers: Answers,
    folder: Path,
    validation: Pixels | None,
    *,
    quiet: bool,
) -> tuple[Quantised, list[Epoch]]:
    """QAT from the given start; what it made, and its epochs. An interrupted run is resumed."""
    if validation is None:
        raise UserError(
            f"quantise.method qat trains on labelled images: {why_unmeasured(config, splits, answers.kind)}. Or use "
            f"method ptq or auto, or leave model.classes out and fine-tune the model on this data first."
        )
    table = normalisation_table(config.input.mean, config.input.std)
    material = Material(Batches(splits.train, config, Group()), validation, table, kind_of(answers))
    spec = STAGES["02_quantize"]
    basis = config_values(config, spec) | {
        "files": spec.files(external_files(config)),
        "start": sha256(folder / f"{STEM}.pdiparams"),
    }
    checkpoint = Checkpoint(folder.parent / ".02_quantize.checkpoint", basis_of(basis))
    settings, pixel_range = (config.train, config.quantise), input_range(config.input.mean, config.input.std)
    made, epochs = train_on_grid(
        start, material, settings, images, pixel_range, checkpoint, teacher=FloatNetwork(graph), quiet=quiet
    )
    checkpoint.remove()
    return made, epochs


def _write(folder: Path, graph: Graph, made: Quantised) -> None:
    Ranges(tensors=made.ranges).write(folder)
    if made.reference is not graph:
        adjustments.save(folder / adjustments.REFERENCE, adjustments.Adjusted(made.reference))
    if made.deployed.graph is not graph or made.deployed.weight_scales:
        adjustments.save(folder / adjustments.DEPLOYED, made.deployed)
