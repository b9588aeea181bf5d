"""Layers are called as people call them, and found by every name they have."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.layer_names import find_layer, layer_titles, numbered
from paddle_cortexm.compiler.operators.elementwise.activation import Activation
from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.compiler.operators.pools.average_pool import AveragePool
from paddle_cortexm.compiler.operators.weights.convolution import Convolution
from paddle_cortexm.compiler.operators.weights.depthwise_convolution import DepthwiseConvolution
from paddle_cortexm.compiler.tensor import Tensor
from paddle_cortexm.errors import UserError


@pytest.fixture
def graph() -> Graph:
    """A pool, a stem, a depthwise convolution and two pointwise ones; hard-swish behind the stem and the depthwise."""
    zeros = np.zeros(4, np.float32)
    stem = Convolution(np.zeros((4, 3, 3, 3), np.float32), zeros, Window((3, 3), (2, 2), (1, 1, 1, 1)))
    depthwise = DepthwiseConvolution(np.zeros((5, 5, 4), np.float32), zeros, Window((5, 5), (2, 1), (2, 2, 2, 2)))
    pointwise = Convolution(np.zeros((4, 1, 1, 4), np.float32), zeros, Window())
    swish = Activation("hard_swish")
    layers = (
        Layer(AveragePool(Window((2, 2), (2, 2))), ("image",), "pool2d_0.tmp_0"),
        Layer(stem, ("pool2d_0.tmp_0",), "conv2d_0.tmp_0", "conv1"),
        Layer(swish, ("conv2d_0.tmp_0",), "hardswish_0.tmp_0"),
        Layer(depthwise, ("hardswish_0.tmp_0",), "conv2d_1.tmp_0", "blocks2.0.dw_conv"),
        Layer(swish, ("conv2d_1.tmp_0",), "hardswish_1.tmp_0"),
        Layer(pointwise, ("hardswish_1.tmp_0",), "conv2d_2.tmp_0", "blocks2.0.pw_conv"),
        Layer(replace(pointwise, window=Window(stride=(2, 2))), ("conv2d_2.tmp_0",), "conv2d_3.tmp_0", "shortcut"),
    )
    names = ["image", *(layer.output for layer in layers)]
    tensors = {name: Tensor(name, (1, 4, 4, 4)) for name in names}
    return Graph("net", "image", names[-1], layers, tensors)


def test_a_title_is_the_kind_and_the_parameter(graph: Graph) -> None:
    assert list(layer_titles(graph).values()) == [
        "average pool 2×2/2 of the input",
        "convolution 3×3/2 conv1",
        "hard-swish after conv1",
        "depthwise 5×5/2×1 blocks2.0.dw_conv",
        "hard-swish after blocks2.0.dw_conv",
        "pointwise blocks2.0.pw_conv",
        "pointwise/2 shortcut",
    ]
    assert numbered(3, layer_titles(graph)["conv2d_1.tmp_0"]) == "3 depthwise 5×5/2×1 blocks2.0.dw_conv"


@pytest.mark.parametrize(
    "asked",
    [
        "conv2d_1.tmp_0",
        "depthwise 5×5/2×1 blocks2.0.dw_conv",
        "depthwise 5x5/2x1 blocks2.0.dw_conv",
        "3 depthwise 5×5/2×1 blocks2.0.dw_conv",
        "17 Depthwise 5x5/2x1 blocks2.0.dw_conv",  # numbers differ between the plan and the program
        "blocks2.0.dw_conv",
    ],
)
def test_a_layer_is_found_by_each_of_its_names(graph: Graph, asked: str) -> None:
    assert find_layer(graph, asked, "--explain").output == "conv2d_1.tmp_0"


def test_an_unknown_name_is_refused_with_the_nearest_and_all_there_are(graph: Graph) -> None:
    with pytest.raises(
        UserError, match=r"keep_float: no layer 'conv2d_1' .*did you mean.*(?s:.)*conv2d_2\.tmp_0: point"
    ):
        find_layer(graph, "conv2d_1", "keep_float")


def test_a_name_that_several_layers_bear_is_refused(graph: Graph) -> None:
    twice = graph.with_layers((*graph.layers, Layer(Activation("hard_swish"), ("conv2d_1.tmp_0",), "again")))
    with pytest.raises(UserError, match=r"several layers: hardswish_1\.tmp_0 \(.*\), again"):
        find_layer(twice, "hard-swish after blocks2.0.dw_conv", "--explain")
