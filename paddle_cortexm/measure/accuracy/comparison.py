"""The anchor: what ONNX Runtime's quantisation makes of the same network, photos and preprocessing."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.artefacts.quantisation import read_predictions
from paddle_cortexm.config import Config, load
from paddle_cortexm.data.datasets import Dataset
from paddle_cortexm.data.pixels import load_pixels, network_input
from paddle_cortexm.data.preprocessing import normalisation_table
from paddle_cortexm.data.splits import open_splits
from paddle_cortexm.measure.accuracy.experiments import write_config
from paddle_cortexm.measure.accuracy.measurement import targets_of
from paddle_cortexm.measure.accuracy.networks import Network
from paddle_cortexm.measure.accuracy.results import ANCHOR, Row
from paddle_cortexm.report.paired import Paired

REQUIREMENTS = "requirements-anchor.txt"


def is_installed() -> bool:
    """Whether ONNX and ONNX Runtime can be imported."""
    return all(importlib.util.find_spec(name) for name in ("onnx", "onnxruntime"))


def anchor_rows(network: Network, data: Path, program: Path) -> Iterator[Row]:
    """A row a setting of ONNX Runtime's, its default first. data: the data folder; program: a stage 2 folder of the
    network."""
    # Here, as Paddle must not be imported before cli.run has chosen its program format.
    from paddle_cortexm.compiler.frontend.load import load_graph
    from paddle_cortexm.compiler.integers.realisation import up_to_logits
    from paddle_cortexm.measure.accuracy.anchor.onnx_runtime import SETTINGS, quantised_logits

    path = write_config(network, data)
    config, floats = load(str(path)), read_predictions(program)
    targets, splits = targets_of(path, floats), open_splits(config)
    graph = up_to_logits(load_graph(program))
    calibration = _values(config, splits.calibration, "calibration images")
    validation = _values(config, splits.validation, "validation images")
    for name, setting in SETTINGS.items():
        print(f"{network.title}: {ANCHOR}, {name}", flush=True)
        answers = quantised_logits(graph, calibration, validation, setting).argmax(axis=1).tolist()
        yield Row.of(network.name, f"{ANCHOR}, {name}", Paired.of(floats, answers, targets))


def _values(config: Config, dataset: Dataset, what: str) -> NDArray[np.float32]:
    """(N, 3, height, width): a split as the float network gets it."""
    pixels = load_pixels(dataset, config.input, what, quiet=True)
    return network_input(pixels.images, normalisation_table(config.input.mean, config.input.std))
