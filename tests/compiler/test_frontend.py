"""Paddle programs, imported: the layer graph computes what Paddle's own executor does."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import paddle
import pytest

from paddle_cortexm.compiler.frontend import load_graph
from paddle_cortexm.compiler.graph import Graph
from paddle_cortexm.compiler.reference import run_float
from paddle_cortexm.errors import UserError
from paddle_cortexm.models import build
from paddle_cortexm.quantisation.fold_batch_norm import fold_batch_norm
from paddle_cortexm.quantisation.programs import export_program

TOLERANCE = 1e-4  # of the largest logit


def shaken(network: paddle.nn.Layer, size: int = 64, seed: int = 0) -> paddle.nn.Layer:
    """Batch norm as after training: gains and offsets that differ, statistics of what the layers really see."""
    random = np.random.default_rng(seed)
    norms = [x for x in network.sublayers() if isinstance(x, paddle.nn.BatchNorm | paddle.nn.BatchNorm2D)]
    for layer in norms:
        layer.weight.set_value(random.uniform(0.7, 1.3, layer.weight.shape).astype(np.float32))
        layer.bias.set_value(random.normal(0.2, 0.3, layer.bias.shape).astype(np.float32))
        layer._momentum = 0.5
    network.train()
    for _ in range(6):
        network(paddle.to_tensor(random.normal(size=(8, 3, size, size)).astype(np.float32)))
    network.eval()
    return network


def compare(network: paddle.nn.Layer, folder: Path, size: int, *, fold: bool = False) -> Graph:
    """Export, import, run both on the same image; returns the graph."""
    network.eval()
    image = np.random.default_rng(1).normal(size=(1, 3, size, size)).astype(np.float32)
    expected = network(paddle.to_tensor(image)).numpy().reshape(-1)
    if fold:
        with paddle.utils.unique_name.guard():  # names of an earlier network in this process do not count
            fold_batch_norm(network)
    export_program(network, folder, size)
    graph = load_graph(folder)
    actual = run_float(graph, image.transpose(0, 2, 3, 1))[graph.output].reshape(-1)
    assert np.abs(actual - expected).max() <= TOLERANCE * np.abs(expected).max()
    return graph


@pytest.mark.parametrize("fold", [False, True], ids=["batch norm in the program", "batch norm folded before"])
@pytest.mark.parametrize("size", [64, 96])
@pytest.mark.parametrize("name", ["MobileNetV2_x0_25", "PPLCNet_x0_25", "PPLCNet_x0_5", "MobileNetV2_x0_75"])
def test_a_backbone_computes_what_paddle_does(name: str, size: int, fold: bool, tmp_path: Path) -> None:
    compare(shaken(build(name, 10).network, size), tmp_path, size, fold=fold)


def test_mobilenetv2_has_no_leftover_bias_or_activation(tmp_path: Path) -> None:
    graph = compare(shaken(build("MobileNetV2_x0_25", 10).network), tmp_path, 64)
    counts = Counter(type(layer.operator).__name__ for layer in graph.layers)
    assert counts == {
        "Convolution": 36,
        "DepthwiseConvolution": 17,
        "Add": 10,
        "AveragePool": 1,
        "FullyConnected": 1,
    }


def test_pplcnet_keeps_its_hard_swishes_as_layers(tmp_path: Path) -> None:
    graph = compare(shaken(build("PPLCNet_x0_25", 10).network), tmp_path, 64)
    counts = Counter(getattr(layer.operator, "kind", type(layer.operator).__name__) for layer in graph.layers)
    assert (counts["hard_swish"], counts["hard_sigmoid"], counts["Multiply"]) == (28, 2, 2)
    assert counts["Add"] == 0


class Stack(paddle.nn.Layer):
    """Layers one after the other, as a network."""

    def __init__(self, *layers: Any) -> None:
        super().__init__()
        self.layers = paddle.nn.LayerList([layer for layer in layers if isinstance(layer, paddle.nn.Layer)])
        self.steps = layers

    def forward(self, x: Any) -> Any:
        for step in self.steps:
            x = step(x)
        return x


NN = paddle.nn
SMALL_NETWORKS = {
    "3x3 stride 2": lambda: [NN.Conv2D(3, 6, 3, stride=2, padding=1)],
    "without bias": lambda: [NN.Conv2D(3, 4, 1, bias_attr=False)],
    "5x5 depthwise": lambda: [NN.Conv2D(3, 3, 5, padding=2, groups=3)],
    "uneven padding": lambda: [NN.Conv2D(3, 5, 3, padding=[0, 1, 2, 0])],
    "same padding": lambda: [NN.Conv2D(3, 5, 3, stride=2, padding="SAME")],
    "relu": lambda: [NN.Conv2D(3, 4, 3), NN.ReLU()],
    "relu6": lambda: [NN.Conv2D(3, 4, 3), NN.ReLU6()],
    "hard-swish": lambda: [NN.Conv2D(3, 4, 3), NN.Hardswish()],
    "hard-sigmoid": lambda: [NN.Conv2D(3, 4, 3), NN.Hardsigmoid()],
    "max pool": lambda: [NN.Conv2D(3, 4, 1), NN.MaxPool2D(3, stride=2, padding=1)],
    "average pool": lambda: [NN.Conv2D(3, 4, 1), NN.AvgPool2D(2, stride=2)],
    "global pool": lambda: [NN.AdaptiveAvgPool2D(1), NN.Flatten(), NN.Linear(3, 4)],
    "flatten of an image": lambda: [NN.Conv2D(3, 4, 3, stride=2), NN.Flatten(), NN.Linear(4 * 7 * 7, 5)],
    "softmax": lambda: [NN.AdaptiveAvgPool2D(1), NN.Flatten(), NN.Linear(3, 4), NN.Softmax()],
    "dropout": lambda: (
        [NN.AdaptiveAvgPool2D(1), NN.Dropout(0.2, mode="downscale_in_infer"), NN.Flatten(), NN.Linear(3, 4)]
    ),
    "residual": lambda: [NN.Conv2D(3, 3, 1), lambda x: x + paddle.nn.functional.relu(x)],
}


@pytest.mark.parametrize("name", SMALL_NETWORKS)
def test_an_operator_computes_what_paddle_does(name: str, tmp_path: Path) -> None:
    paddle.seed(0)
    network, image = Stack(*SMALL_NETWORKS[name]()), np.random.default_rng(2).normal(size=(1, 3, 16, 16))
    network.eval()
    expected = network(paddle.to_tensor(image.astype(np.float32))).numpy()
    export_program(network, tmp_path, 16)
    graph = load_graph(tmp_path)
    actual = run_float(graph, image.transpose(0, 2, 3, 1).astype(np.float32))[graph.output]
    if expected.ndim == 4:
        expected = expected.transpose(0, 2, 3, 1)
    np.testing.assert_allclose(actual.reshape(expected.shape), expected, rtol=1e-4, atol=1e-5)


def test_an_unsupported_operator_is_named_with_its_tensor(tmp_path: Path) -> None:
    export_program(Stack(NN.Conv2D(3, 4, 3), NN.GELU()), tmp_path, 16)
    with pytest.raises(UserError, match=r"operator 'gelu' \(tensor '.+'\) is not supported.* Supported: .*conv2d"):
        load_graph(tmp_path)


def test_groups_other_than_depthwise_are_refused(tmp_path: Path) -> None:
    export_program(Stack(NN.Conv2D(3, 6, 3), NN.Conv2D(6, 6, 3, groups=2)), tmp_path, 16)
    with pytest.raises(UserError, match="2 groups from 6 to 6 channels are not supported; groups must be 1, or 6"):
        load_graph(tmp_path)


def test_dilation_is_refused(tmp_path: Path) -> None:
    export_program(Stack(NN.Conv2D(3, 6, 3, dilation=2)), tmp_path, 16)
    with pytest.raises(UserError, match="dilation"):
        load_graph(tmp_path)


def test_a_missing_program_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"model\.pdmodel: missing"):
        load_graph(tmp_path)
