"""Stage 2: the trained network as a folded float program and, for int8, the range of every tensor."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import paddle
from numpy.typing import NDArray

from paddle_cortexm.artefacts.quantisation import (
    FakeQuantEstimate,
    QuantisationMetrics,
    Ranges,
    Recipe,
    TensorCounts,
    TriedRecipe,
    write_predictions,
)
from paddle_cortexm.artefacts.training import read_labels
from paddle_cortexm.compiler.frontend.load import load_graph
from paddle_cortexm.compiler.frontend.paddle.static_mode import static_mode
from paddle_cortexm.compiler.integers import adjustments
from paddle_cortexm.compiler.integers.realisation import kept_layers, without_softmax
from paddle_cortexm.config import Config
from paddle_cortexm.data.calibration import check_calibration, shared_photos
from paddle_cortexm.data.datasets import Splits, is_measurable
from paddle_cortexm.data.pixels import Pixels, load_pixels, network_input, open_pixels
from paddle_cortexm.data.preprocessing import input_range, normalisation_table
from paddle_cortexm.data.splits import open_splits
from paddle_cortexm.errors import UserError
from paddle_cortexm.models import load_trained
from paddle_cortexm.quantisation.networks.batch_norm_shift import batch_norm_shift, shift_warning
from paddle_cortexm.quantisation.networks.fold_batch_norm import fold_batch_norm
from paddle_cortexm.quantisation.networks.grid_network import GridNetwork
from paddle_cortexm.quantisation.networks.programs import export_program, program_runner
from paddle_cortexm.quantisation.post_training import Quantised, best_recipe, quantise_with
from paddle_cortexm.quantisation.qat import train_on_grid
from paddle_cortexm.quantisation.ranges.observation import constant_tensors
from paddle_cortexm.quantisation.ranges.paddleslim import calibrate
from paddle_cortexm.quantisation.ranges.thresholds import OWN_ALGORITHM
from paddle_cortexm.stage import STAGES, config_values
from paddle_cortexm.training.batches import Batches
from paddle_cortexm.training.checkpoint import Checkpoint, basis_of
from paddle_cortexm.training.distributed.group import Group
from paddle_cortexm.training.evaluation import all_logits, network_logits, scores
from paddle_cortexm.training.loop import Material

Table = NDArray[np.generic]
GRID = "integer grid in floats"  # whose accuracy the estimate is, where it is not PaddleSlim's program's


def quantise(config: Config, training: Path, folder: Path, *, quiet: bool = False) -> None:
    """Fill the folder: model.pdmodel, model.pdiparams, parameters.json, metrics.json, float_predictions.txt where there
    are validation images and, for int8, ranges.json and what quantisation changed of the weights
    (compiler.integers.adjustments)."""
    network = load_trained(config.model.backbone, len(read_labels(training)), training / "model.pdparams")
    splits, table = open_splits(config), normalisation_table(config.data.mean, config.data.std)
    calibration, figures = _calibration(config, network, splits, table, quiet=quiet)
    folded = fold_batch_norm(network)
    export_program(network, folder, config.model.image_size)
    floats, validation = None, _validation(config, splits, quiet=quiet)
    if validation is not None:
        logits = network_logits(network, validation, table)
        floats = scores(logits, validation.targets)
        write_predictions(folder, logits.argmax(axis=1).tolist())
    if calibration is not None:
        figures |= _integers(config, network, splits, calibration, folder, validation, table, quiet=quiet)
    metrics = QuantisationMetrics(
        folded_batch_norms=folded, precision=config.quantise.precision, floats=floats, **figures
    )
    metrics.write(folder)


def _validation(config: Config, splits: Splits, *, quiet: bool) -> Pixels | None:
    if not is_measurable(config, splits):
        return None
    return open_pixels(splits.validation, config.resize, config.model.image_size, "validation images", quiet=quiet)


def _calibration(
    config: Config, network: paddle.nn.Layer, splits: Splits, table: Table, *, quiet: bool
) -> tuple[NDArray[np.float32] | None, dict[str, Any]]:
    """The images that an int8 config is calibrated on, (N, 3, H, W), None for others, and what metrics.json says about
    them. network: with its batch norms."""
    if config.quantise.precision != "int8":
        return None, {}
    check_calibration(config, splits)
    if shared := shared_photos(splits.calibration, splits.validation):
        print(
            f"warning: {len(shared)} of {len(splits.calibration.targets)} calibration images are validation images too "
            f"({shared[0]}): the accuracy measured on these says little. Take them out of data.calibration."
        )
    pixels = load_pixels(splits.calibration, config.resize, config.model.image_size, "calibration images", quiet=quiet)
    images = network_input(pixels.images, table)
    shift = batch_norm_shift(network, images, quiet=quiet) if config.has_trained_weights else None
    if shift and (warning := shift_warning(shift)):
        print(warning, flush=True)
    return images, {"batch_norm_shift": shift}


def _integers(
    config: Config,
    network: paddle.nn.Layer,
    splits: Splits,
    images: NDArray[np.float32],
    folder: Path,
    validation: Pixels | None,
    table: Table,
    *,
    quiet: bool,
) -> dict[str, Any]:
    """Write ranges.json and the changed weights; returns what metrics.json says about them. images: (N, 3, H, W), for
    calibration."""
    graph = without_softmax(load_graph(folder))
    keep_float = kept_layers(graph, config.quantise.keep_float)
    with tempfile.TemporaryDirectory() as work:
        floats = Path(work) / "program"
        floats.mkdir()
        export_program(network, floats, config.model.image_size, batch=None)

        @lru_cache
        def thresholds(algorithm: str, count: int) -> Mapping[str, float]:
            if algorithm == OWN_ALGORITHM:
                return {}
            return calibrate(floats, images[:count], algorithm, Path(work) / f"{algorithm}_{count}")

        recipe = Recipe.of(config.quantise).model_copy(update={"keep_float": keep_float})
        pixel_range = input_range(config.data.mean, config.data.std)
        in_nhwc = np.ascontiguousarray(images.transpose(0, 2, 3, 1))
        tried: list[TriedRecipe] = []
        if config.quantise.method == "auto":
            made, tried = best_recipe(recipe, graph, in_nhwc, thresholds, pixel_range, quiet=quiet)
        else:
            made = quantise_with(recipe, graph, in_nhwc, thresholds, pixel_range, quiet=quiet)
        known = thresholds(made.recipe.algorithm, len(images))
        figures = _figures(made, len(images), known) | {"tried": tried}
        if config.quantise.method == "qat":
            made, trained = _trained(config, made, in_nhwc, splits, folder, validation, quiet=quiet)
            figures |= trained
        elif validation is not None:
            program = Path(work) / f"{made.recipe.algorithm}_{len(images)}"
            figures["fake_quant_estimate"] = _estimate(made, program, images, validation, table)
    _write(folder, graph, made)
    return figures


def _figures(made: Quantised, images: int, known: Mapping[str, float]) -> dict[str, Any]:
    for name in constant_tensors(made.seen):
        print(f"warning: tensor '{name}' is constant over the calibration images: use more, or more varied, images")
    figures: dict[str, Any] = {"recipe": made.recipe, "calibration_images": images}
    figures["tensors"] = TensorCounts(paddleslim=len(set(known) & set(made.ranges)), all=len(made.ranges))
    return figures


def _estimate(
    made: Quantised, paddles_program: Path, images: NDArray[np.float32], validation: Pixels, table: Table
) -> FakeQuantEstimate:
    """An estimate of what stage 3 measures: the accuracy of PaddleSlim's fake-quantised program or, for what PaddleSlim
    does not do, of the integer grid in floats. images: (N, 3, H, W) calibration images."""
    print(f"estimating the accuracy after quantisation: {len(validation)} images", flush=True)
    if made.recipe == Recipe(algorithm=made.recipe.algorithm) and made.recipe.algorithm != OWN_ALGORITHM:
        with static_mode():
            logits = all_logits(program_runner(paddles_program), validation, table)
        return FakeQuantEstimate(**dict(scores(logits, validation.targets)), by="PaddleSlim")
    network = GridNetwork(made.deployed.graph, made.grids, made.recipe.keep_float)
    network.set_statistics(images)
    logits = all_logits(network.answers, validation, table)
    return FakeQuantEstimate(**dict(scores(logits, validation.targets)), by=GRID)


def _trained(
    config: Config,
    start: Quantised,
    images: NDArray[np.float32],
    splits: Splits,
    folder: Path,
    validation: Pixels | None,
    *,
    quiet: bool,
) -> tuple[Quantised, dict[str, Any]]:
    """QAT from the given start; what it made, and what metrics.json says about it. An interrupted run is resumed."""
    if validation is None:
        raise UserError(
            "quantise.method qat trains, but the data's classes are not the model's. Use method ptq or auto, or leave "
            "model.classes out and fine-tune the model on this data first."
        )
    table = normalisation_table(config.data.mean, config.data.std)
    material = Material(Batches(splits.train, config, Group()), validation, table)
    basis = config_values(config, STAGES["02_quantize"]) | {"train": config.train.model_dump(mode="json")}
    checkpoint = Checkpoint(folder.parent / ".02_quantize.checkpoint", basis_of(basis))
    settings, pixel_range = (config.train, config.quantise), input_range(config.data.mean, config.data.std)
    made, epochs, answer = train_on_grid(start, material, settings, images, pixel_range, checkpoint, quiet=quiet)
    checkpoint.remove()
    on_grid = scores(all_logits(answer, validation, table), validation.targets)
    return made, {"qat_epochs": epochs, "fake_quant_estimate": FakeQuantEstimate(**dict(on_grid), by=GRID)}


def _write(folder: Path, graph: Any, made: Quantised) -> None:
    Ranges(tensors=made.ranges).write(folder)
    if made.reference is not graph:
        adjustments.save(folder / adjustments.REFERENCE, adjustments.Adjusted(made.reference))
    if made.deployed.graph is not graph:
        adjustments.save(folder / adjustments.DEPLOYED, made.deployed)
