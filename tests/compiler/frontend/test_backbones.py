"""Whole backbones, imported: the layer graph computes what Paddle does, and no bias or activation is left over."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import paddle
import pytest
import tvm
from tvm import relax

from paddle_cortexm.compiler.frontend.load import import_program, load_graph
from paddle_cortexm.compiler.graph import Graph
from paddle_cortexm.compiler.reference import run_float
from paddle_cortexm.quantisation.networks.programs import export_program
from tests.compiler.frontend.backbones import trained_alike
from tests.compiler.frontend.static_programs import TOLERANCE, operators, paddles_answer, random_image

MOBILENETV2 = {"Convolution": 36, "DepthwiseConvolution": 17, "Add": 10, "AveragePool": 1, "FullyConnected": 1}
PPLCNET = {
    "Convolution": 19,
    "DepthwiseConvolution": 13,
    "hard_swish": 28,
    "hard_sigmoid": 2,
    "Multiply": 2,
    "AveragePool": 3,
    "FullyConnected": 1,
}


def compare(network: paddle.nn.Layer, folder: Path, size: int) -> Graph:
    """Export, import, run on one image here and in Paddle's executor; returns the graph."""
    export_program(network, folder, (size, size, 3))
    graph, image = load_graph(folder), random_image((1, 3, size, size))
    expected = paddles_answer(folder, image).reshape(-1)
    actual = run_float(graph, image.transpose(0, 2, 3, 1))[graph.output].reshape(-1)
    assert np.abs(actual - expected).max() <= TOLERANCE * np.abs(expected).max()
    return graph


@pytest.mark.parametrize("size", [64, 96, 224])
@pytest.mark.parametrize("name", ["MobileNetV2_x0_25", "MobileNetV2_x0_5", "MobileNetV2"])
def test_mobilenetv2_computes_what_paddle_does(name: str, size: int, tmp_path: Path) -> None:
    graph = compare(trained_alike(name), tmp_path, size)
    assert Counter(operators(graph)) == MOBILENETV2


@pytest.mark.parametrize("size", [64, 96, 224])
@pytest.mark.parametrize("name", ["PPLCNet_x0_25", "PPLCNet_x0_5", "PPLCNet_x1_0"])
def test_pplcnet_computes_what_paddle_does(name: str, size: int, tmp_path: Path) -> None:
    graph = compare(trained_alike(name), tmp_path, size)
    assert Counter(operators(graph)) == PPLCNET


def test_every_activation_of_mobilenetv2_is_a_clamp(tmp_path: Path) -> None:
    graph = compare(trained_alike("MobileNetV2_x0_25"), tmp_path, 64)
    clamps = Counter(getattr(layer.operator, "clamp", None) for layer in graph.layers)
    assert clamps == {(0.0, 6.0): 36, (None, None): 28, None: 1}  # linear bottlenecks, sums, logits; the pool


def test_tensors_have_the_names_of_the_last_fused_paddle_tensors(tmp_path: Path) -> None:
    graph = compare(trained_alike("PPLCNet_x0_25"), tmp_path, 64)
    names = [layer.output for layer in graph.layers]
    assert names[:3] == ["batch_norm_0.tmp_2", "hardswish_0.tmp_0", "batch_norm_1.tmp_2"]
    assert {"relu_0.tmp_0", "hardsigmoid_0.tmp_0", "elementwise_mul_0", "pool2d_2.tmp_0"} <= set(names)
    assert (graph.input, graph.output) == ("image", "linear_0.tmp_1")
    assert set(graph.tensors) == {"image", *names}


def test_two_imports_give_the_same_graph(tmp_path: Path) -> None:
    export_program(trained_alike("PPLCNet_x0_25"), tmp_path, (64, 64, 3))
    first, second = load_graph(tmp_path), load_graph(tmp_path)
    assert [layer.output for layer in first.layers] == [layer.output for layer in second.layers]
    for a, b in zip(first.layers, second.layers, strict=True):
        if hasattr(a.operator, "weight"):
            assert a.operator.weight.tobytes() == b.operator.weight.tobytes()  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["MobileNetV2_x0_25", "PPLCNet_x0_25"])
def test_the_relax_module_itself_computes_what_paddle_does(name: str, tmp_path: Path) -> None:
    export_program(trained_alike(name), tmp_path, (32, 32, 3))
    module, image = import_program(tmp_path), random_image((1, 3, 32, 32))
    relax.analysis.well_formed(module)  # raises if it is not
    machine = relax.VirtualMachine(tvm.compile(module, "llvm"), tvm.cpu())
    actual = machine["main"](tvm.runtime.tensor(np.ascontiguousarray(image.transpose(0, 2, 3, 1)))).numpy()
    expected = paddles_answer(tmp_path, image)
    assert np.abs(actual - expected).max() <= TOLERANCE * np.abs(expected).max()
