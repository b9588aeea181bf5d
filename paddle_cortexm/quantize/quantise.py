"""Stage 2: the trained network as a folded float program and, for int8, the range of every tensor."""

from __future__ import annotations

import contextlib
import io
import logging
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import paddle
from numpy.typing import NDArray

from paddle_cortexm.compiler.frontend import load_graph
from paddle_cortexm.config import Config
from paddle_cortexm.data.datasets import Splits, is_measurable, open_splits
from paddle_cortexm.data.pixels import Pixels, load_pixels, network_input
from paddle_cortexm.data.preprocessing import normalisation_table
from paddle_cortexm.models import load_trained
from paddle_cortexm.quantize.fold_batch_norm import fold_batch_norm
from paddle_cortexm.quantize.programs import export_program, program_runner, static_mode
from paddle_cortexm.quantize.ptq import calibrate
from paddle_cortexm.quantize.ranges import constant_tensors, observe, tensor_ranges
from paddle_cortexm.stage import write_json
from paddle_cortexm.training.evaluation import all_logits, network_logits, scores


def quantise(config: Config, training: Path, folder: Path, *, quiet: bool = False) -> None:
    """Fill the folder: model.pdmodel, model.pdiparams, metrics.json and, for int8, ranges.json."""
    classes = len((training / "labels.txt").read_text(encoding="utf-8").splitlines())
    network = load_trained(config.model.backbone, classes, training / "model.pdparams")
    folded = fold_batch_norm(network)
    export_program(network, folder, config.model.image_size)
    splits, table = open_splits(config), normalisation_table(config.data.mean, config.data.std)
    metrics: dict[str, Any] = {"folded_batch_norms": folded, "precision": config.quantise.precision}
    validation = _validation(config, splits, quiet=quiet)
    if validation is not None:
        metrics["float"] = asdict(scores(network_logits(network, validation, table), validation.targets))
    if config.quantise.precision == "int8":
        size = config.model.image_size
        pixels = load_pixels(splits.calibration, config.resize, size, "calibration images", quiet=quiet)
        images = network_input(pixels.images, table)
        metrics |= _ranges(config, folder, images, validation, table)
    write_json(folder / "metrics.json", metrics)


def _validation(config: Config, splits: Splits, *, quiet: bool) -> Pixels | None:
    if not is_measurable(config, splits):
        return None
    return load_pixels(splits.validation, config.resize, config.model.image_size, "validation images", quiet=quiet)


def _ranges(
    config: Config, folder: Path, images: NDArray[np.float32], validation: Pixels | None, table: NDArray[np.generic]
) -> dict[str, Any]:
    """Write ranges.json; returns what metrics.json says about it. images: (N, 3, H, W)."""
    graph = load_graph(folder)
    seen = observe(graph, images.transpose(0, 2, 3, 1))
    algorithm = config.quantise.algorithm
    figures: dict[str, Any] = {"algorithm": algorithm, "calibration_images": len(images)}
    with tempfile.TemporaryDirectory() as quantised:
        with _quietly():
            thresholds = calibrate(folder, images, config.quantise, Path(quantised))
        if validation is not None:
            with static_mode():
                logits = all_logits(program_runner(Path(quantised)), validation, table)
            figures["fake_quant_estimate"] = asdict(scores(logits, validation.targets))
    write_json(folder / "ranges.json", {"tensors": tensor_ranges(graph, seen, thresholds, algorithm)})
    for name in constant_tensors(seen):
        print(f"warning: tensor '{name}' is constant over the calibration images: use more, or more varied, images")
    figures["tensors"] = {"paddleslim": len(set(thresholds) & set(graph.tensors)), "all": len(graph.tensors)}
    return figures


@contextlib.contextmanager
def _quietly() -> Any:
    """Keep PaddleSlim's own bars and log lines off the screen."""
    loggers = [logging.getLogger(name) for name in logging.root.manager.loggerDict]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
        paddle.disable_static()
