"""Inference programs in Paddle's legacy format, written from a network."""

from __future__ import annotations

import shutil
from pathlib import Path

import paddle

from paddle_cortexm.artefacts.quantisation import ParameterNames

STEM = "model"
INPUT = "image"


def export_program(network: paddle.nn.Layer, folder: Path, shape: tuple[int, int, int]) -> None:
    """Write model.pdmodel and model.pdiparams, with input `image`, (1, channels, height, width) float32, and
    parameters.json, what the network calls its parameters. shape: (height, width, channels)."""
    height, width, channels = shape
    network.eval()
    spec = paddle.static.InputSpec([1, channels, height, width], "float32", INPUT)
    with paddle.utils.unique_name.guard():  # tensor names do not depend on what ran before
        paddle.jit.save(network, str(folder / STEM), input_spec=[spec])
    (folder / f"{STEM}.pdiparams.info").unlink(missing_ok=True)
    names = {parameter.name: name for name, parameter in network.named_parameters()}
    ParameterNames(names=names).write(folder)


def copy_program(source: Path, folder: Path) -> None:
    """The same three files from stage 1's folder, of an exported program."""
    for name in (f"{STEM}.pdmodel", f"{STEM}.pdiparams", ParameterNames.file):
        shutil.copy(source / name, folder)
