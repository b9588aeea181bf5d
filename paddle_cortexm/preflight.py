"""Before hours of training: whether the network that a config names can be compiled at all.

It is built with random weights, exported and imported as stages 2 and 3 would; what cannot be is named by operator and
layer, all of it at once. Neither training data nor trained weights are needed, and it takes seconds.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import paddle

from paddle_cortexm.compiler.backends.registry import backends_named
from paddle_cortexm.compiler.frontend.load import load_graph
from paddle_cortexm.compiler.frontend.unsupported import unsupported_in
from paddle_cortexm.compiler.graph import Graph
from paddle_cortexm.compiler.integers.realisation import kept_layers, up_to_logits, without_integers
from paddle_cortexm.compiler.kernels.selection import without_kernel
from paddle_cortexm.compiler.pipeline import in_float16
from paddle_cortexm.config import Config
from paddle_cortexm.errors import UserError
from paddle_cortexm.networks.factories import factory_named
from paddle_cortexm.networks.heads import with_head
from paddle_cortexm.networks.input_channels import take_channels
from paddle_cortexm.networks.reparameterise import re_parameterise
from paddle_cortexm.quantisation.networks.programs import export_program

ANY_CLASSES = 10  # where the config leaves their number to the data
INDENT = "\n  "


def check_compilable(config: Config) -> None:
    """Raises UserError for a network that the config's images do not fit, that does not answer with one tensor of
    logits, or that cannot be compiled for the config's precision; with everything that stands in the way."""
    model, shape, classes = config.model, config.input.shape, config.model.classes or ANY_CLASSES
    network = with_head(factory_named(model.backbone, model.arguments), classes, seed=0).network
    take_channels(network, shape)
    _check_answers(network, config, classes)
    re_parameterise(network, shape)
    with tempfile.TemporaryDirectory() as folder:
        try:
            export_program(network, Path(folder), shape)
        except Exception as error:  # Paddle raises whatever its tracing does
            raise UserError(f"model.backbone: {model.backbone} cannot be exported by Paddle ({error})") from None
        problems = unsupported_in(Path(folder)) or _unsupported_layers(load_graph(Path(folder)), config)
    if problems:
        raise UserError(
            f"model.backbone: {model.backbone} cannot be compiled for {config.quantise.precision}:"
            f"{INDENT}{INDENT.join(problems)}\nChoose another backbone, or arguments of it (model.arguments) that do "
            f"without."
        )


def _check_answers(network: paddle.nn.Layer, config: Config, classes: int) -> None:
    """In evaluation and, where it is trained, in training mode."""
    name, (height, width, channels) = config.model.backbone, config.input.shape
    images = paddle.to_tensor(np.random.default_rng(0).normal(size=(2, channels, height, width)).astype(np.float32))
    for mode in ("evaluation", "training") if config.train.epochs else ("evaluation",):
        (network.train if mode == "training" else network.eval)()
        try:
            with paddle.no_grad():
                answers = network(images)
        except Exception as error:  # Paddle and the network raise whatever they do on a shape they cannot take
            lines = str(error).strip().splitlines()
            reason = next((line for line in lines if "Error: " in line), lines[-1] if lines else type(error).__name__)
            raise UserError(
                f"model.backbone: {name} cannot take {config.input.pixels} images with {channels} channels "
                f"({reason.strip()}). Set model.image_size and data.colour to what it is made for, or model.arguments"
            ) from None
        if not isinstance(answers, paddle.Tensor) or answers.shape != [2, classes]:
            raise UserError(
                f"model.backbone: in {mode}, {name} answers with {_described(answers)}, not with one tensor of a "
                f"logit a class; such networks are not supported. Choose another backbone"
            )


def _described(answers: object) -> str:
    """What a network gives for two images."""
    if isinstance(answers, paddle.Tensor):
        return f"a tensor of shape {tuple(answers.shape)} for two images"
    if isinstance(answers, dict):
        return f"a dictionary of {', '.join(map(str, answers))}"
    return f"{len(answers)} tensors" if isinstance(answers, list | tuple) else type(answers).__name__


def _unsupported_layers(graph: Graph, config: Config) -> tuple[str, ...]:
    """Layers without a form in the config's precision, or without a kernel among the config's."""
    graph, precision, kernels = up_to_logits(graph), config.quantise.precision, config.compile.kernels
    if precision == "int8":
        return without_integers(graph, kept_layers(graph, config.quantise.keep_float))
    if precision == "fp16" or not {"helium", "tvm"} <= set(kernels):  # one of which takes every operator of float32
        return without_kernel(in_float16(graph) if precision == "fp16" else graph, backends_named(kernels))
    return ()
