"""Stage 2: the trained network as a float program and, for int8, the range of every tensor of what it compiles to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import paddle
from numpy.typing import NDArray

from paddle_cortexm.answers.kinds import kind_of
from paddle_cortexm.artefacts.answers import Answers
from paddle_cortexm.artefacts.quantisation import QuantisationMetrics, write_predictions
from paddle_cortexm.artefacts.training import ProgramScales, TrainingMetrics, read_labels
from paddle_cortexm.compiler.frontend.load import load_graph
from paddle_cortexm.compiler.integers.realisation import up_to_logits
from paddle_cortexm.config import Config
from paddle_cortexm.data.calibration import check_calibration, shared_photos
from paddle_cortexm.data.datasets import Splits, is_measurable
from paddle_cortexm.data.pixels import Pixels, load_pixels, network_input, open_pixels
from paddle_cortexm.data.preprocessing import normalisation_table
from paddle_cortexm.data.splits import open_splits
from paddle_cortexm.networks.build import load_trained
from paddle_cortexm.networks.reparameterise import re_parameterise
from paddle_cortexm.quantisation.networks.batch_norm_shift import batch_norm_shift, shift_warning
from paddle_cortexm.quantisation.networks.paddle_graph import PaddleGraph
from paddle_cortexm.quantisation.networks.programs import copy_program, export_program
from paddle_cortexm.quantisation.same_network import check_same_accuracy, check_same_logits
from paddle_cortexm.quantisation.to_integers import to_integers
from paddle_cortexm.training.device import use_device
from paddle_cortexm.training.evaluation import all_logits
from paddle_cortexm.training.exported_program import load_program

Table = NDArray[np.generic]


def quantise(config: Config, training: Path, folder: Path, *, quiet: bool = False) -> None:
    """Fill the folder: model.pdmodel, model.pdiparams, parameters.json, metrics.json, float_predictions.txt where there
    are validation images and, for int8, ranges.json and what quantisation changed of the weights
    (compiler.integers.adjustments). Raises UserError where what is compiled is another network than the trained one."""
    use_device(config.train)
    network = _network(config, training)
    splits, table = open_splits(config), normalisation_table(config.input.mean, config.input.std)
    calibration, figures = _calibration(config, network, splits, table, quiet=quiet)
    if config.model.program is None:
        re_parameterise(network, config.input.shape)
        export_program(network, folder, config.input.shape)
    else:
        copy_program(training, folder)
    graph = load_graph(folder)
    check_same_logits(network, folder, graph)
    graph = up_to_logits(graph, keep_sigmoid=config.model.answer == "value")
    answers = Answers.read(training)
    kind = kind_of(answers)
    trained, floats = TrainingMetrics.read(training).validation, None
    validation = _validation(config, splits, answers, quiet=quiet)
    if validation is not None:
        compiled = PaddleGraph(graph)
        logits = all_logits(lambda batch: compiled.logits(batch.transpose(0, 2, 3, 1)), validation, table)
        floats = kind.scores(logits, validation.targets)
        check_same_accuracy(trained, floats)
        write_predictions(folder, kind.decisions(logits))
    if calibration is not None:
        scales = ProgramScales.read(training) if (training / ProgramScales.file).is_file() else None
        figures |= to_integers(config, graph, splits, answers, calibration, folder, validation, scales, quiet=quiet)
    metrics = QuantisationMetrics(precision=config.quantise.precision, trained=trained, floats=floats, **figures)
    metrics.write(folder)


def _network(config: Config, training: Path) -> paddle.nn.Layer:
    """What stage 1 made, in evaluation mode."""
    if config.model.program is not None:
        return load_program(training)
    model, classes, weights = config.model, len(read_labels(training)), training / "model.pdparams"
    return load_trained(model.backbone, classes, weights, config.input.shape, model.arguments)


def _validation(config: Config, splits: Splits, answers: Answers, *, quiet: bool) -> Pixels | None:
    if not is_measurable(config, splits, answers.kind):
        return None
    return open_pixels(splits.validation, config.input, "validation images", quiet=quiet)


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
    pixels = load_pixels(splits.calibration, config.input, "calibration images", quiet=quiet)
    images = network_input(pixels.images, table)
    has_batch_norms = config.has_trained_weights and config.model.program is None
    shift = batch_norm_shift(network, images, quiet=quiet) if has_batch_norms else None
    if shift and (warning := shift_warning(shift)):
        print(warning, flush=True)
    return images, {"batch_norm_shift": shift}
