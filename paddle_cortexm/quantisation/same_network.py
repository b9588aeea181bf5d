"""Whether what is compiled is what was trained: the line stops in stage 2 where it is another network.

The trained network is exported, imported as a graph and simplified on the way. That changes results by rounding only;
whatever changes more is a fault, which no figure of the integer program's accuracy would tell from quantisation.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import paddle
from numpy.typing import NDArray

from paddle_cortexm.artefacts.training import AnyScores
from paddle_cortexm.compiler.frontend.paddle.static_mode import static_mode
from paddle_cortexm.compiler.graph import Graph
from paddle_cortexm.compiler.layer_names import layer_title
from paddle_cortexm.errors import UserError
from paddle_cortexm.quantisation.networks.paddle_graph import PaddleGraph
from paddle_cortexm.quantisation.networks.programs import STEM

IMAGES = 4  # of noise, normalised
TOLERANCE = 1e-3  # of the largest value; rounding stays below a hundredth of it
ACCURACY_GAP = 0.005  # rounding changes the class of an image only where two classes are as good as equal
Floats = NDArray[np.float32]


def check_same_logits(network: paddle.nn.Layer, folder: Path, graph: Graph) -> None:
    """Raises UserError where the graph gives other logits than the trained network, with the layer that differs first.
    folder: of the program that the graph was imported from."""
    images = np.random.default_rng(0).normal(size=(IMAGES, *graph.tensors[graph.input].shape[1:])).astype(np.float32)
    network.eval()
    with paddle.no_grad():
        expected = network(paddle.to_tensor(_nchw(images))).numpy().reshape(IMAGES, -1)
    got = PaddleGraph(graph).logits(images)
    if not _is_same(got, expected):
        raise UserError(
            f"{folder / STEM}.pdmodel is another network than the trained one: on {IMAGES} images of noise its logits "
            f"are up to {np.abs(got - expected).max():.3g} off, the largest being {np.abs(expected).max():.3g}. "
            f"{_first_different(folder, graph, images)} Nothing of this network can be deployed; please report it."
        )


def check_same_accuracy(trained: AnyScores | None, compiled: AnyScores) -> None:
    """Raises UserError where the program to be compiled has another accuracy than the network had in stage 1 (None:
    was not measured), on the same images and both in floating point."""
    if trained is None:
        return
    gap = abs(trained.right - compiled.right)
    if trained.images == compiled.images and gap <= max(ACCURACY_GAP, 1 / compiled.images) + 1e-9:
        return
    raise UserError(
        f"the network had {trained.headline} of {trained.images} validation images in stage 1, the program to be "
        f"compiled has {compiled.headline} of {compiled.images}, both in float: it does not see the same images, or "
        f"not with the same weights. Run ./01_finetune.py again with --force; if the two still differ, please report "
        f"this network."
    )


def _first_different(folder: Path, graph: Graph, images: Floats) -> str:
    """Where the graph leaves the exported program, in words."""
    ours, theirs = PaddleGraph(graph).tensors(images), _program_tensors(folder, list(graph.tensors), images)
    for layer in graph.layers:
        if layer.output not in theirs:
            continue  # only the graph has it
        values, expected = ours[layer.output].numpy(), theirs[layer.output]
        if expected.ndim != 4:  # a vector, or tokens: (N, ..., C)
            values = values.transpose(0, 2, 3, 1)
        if not _is_same(values.reshape(IMAGES, -1), expected.reshape(IMAGES, -1)):
            return f"The import changed it: '{layer_title(graph, layer)}' ({layer.output}) is the first that differs."
    return "The export changed it: the imported layers are those of the program."


def _program_tensors(folder: Path, names: list[str], images: Floats) -> dict[str, Floats]:
    """Those of the tensors that the program in the folder has, (N, ...), as Paddle's executor computes them."""
    with static_mode():
        executor = paddle.static.Executor(paddle.CPUPlace())
        program, feeds, _ = paddle.static.load_inference_model(str(folder / STEM), executor)
        known = [name for name in names if program.global_block().has_var(name)]
        rows = [executor.run(program, {feeds[0]: _nchw(image[None])}, known) for image in images]
    return {name: np.concatenate(values) for name, values in zip(known, zip(*rows, strict=True), strict=True)}


def _nchw(images: Floats) -> Floats:
    return np.ascontiguousarray(images.transpose(0, 3, 1, 2))


def _is_same(got: Floats, expected: Floats) -> bool:
    return got.shape == expected.shape and bool(np.abs(got - expected).max() <= TOLERANCE * np.abs(expected).max())
