"""A layer graph as ONNX: ONNX Runtime gives the float reference's numbers, and quantises it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from paddle_cortexm.compiler.graph import Graph
from paddle_cortexm.compiler.operators.elementwise.activation import Activation
from paddle_cortexm.compiler.operators.elementwise.add import Add
from paddle_cortexm.compiler.operators.elementwise.multiply import Multiply
from paddle_cortexm.compiler.operators.movement.reshape import Reshape
from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.compiler.operators.pools.average_pool import AveragePool
from paddle_cortexm.compiler.operators.pools.max_pool import MaxPool
from paddle_cortexm.compiler.operators.weights.convolution import Convolution
from paddle_cortexm.compiler.operators.weights.depthwise_convolution import DepthwiseConvolution
from paddle_cortexm.compiler.reference import run_float
from paddle_cortexm.errors import UserError
from tests.compiler.graphs import GraphBuilder, fully_connected, pointwise

pytest.importorskip("onnx", reason="requirements-anchor.txt is not installed")
pytest.importorskip("onnxruntime", reason="requirements-anchor.txt is not installed")

from paddle_cortexm.measure.accuracy.anchor.onnx_export import onnx_model
from paddle_cortexm.measure.accuracy.anchor.onnx_runtime import SETTINGS, float_logits, quantised_logits


def network() -> Graph:
    """Every operator that there is a twin for."""
    random = np.random.default_rng(0)
    made = GraphBuilder((1, 9, 9, 3))
    stem = Convolution(
        random.normal(size=(8, 3, 3, 3)).astype(np.float32),
        random.normal(size=8).astype(np.float32),
        Window((3, 3), (2, 2), (1, 1, 0, 1)),
        (0.0, 6.0),
    )
    last = made.add("stem", stem, "image", shape=stem.output_shape([(1, 9, 9, 3)]))
    depthwise = DepthwiseConvolution(
        random.normal(size=(3, 3, 8)).astype(np.float32), np.ones(8, np.float32), Window((3, 3), (1, 1), (1, 1, 1, 1))
    )
    deep = made.add("depthwise", depthwise, last)
    for kind in ("relu", "relu6", "hard_swish", "hard_sigmoid"):
        parameters = {"slope": 0.2} if kind == "hard_sigmoid" else {}
        deep = made.add(kind, Activation(kind, parameters), deep)
    last = made.add("sum", Add((0.0, None)), last, deep)
    squeezed = made.add("mean", AveragePool(Window(made.tensors[last].shape[1:3])), last, shape=(1, 1, 1, 8))
    gate = made.add("gate", pointwise(random.normal(size=(8, 8))), squeezed)
    last = made.add("product", Multiply(), last, gate)
    pool = AveragePool(Window((2, 2), (2, 2), (1, 1, 1, 1)))
    last = made.add("pool", pool, last, shape=pool.output_shape([made.tensors[last].shape]))
    last = made.add("mean2", AveragePool(Window(made.tensors[last].shape[1:3])), last, shape=(1, 1, 1, 8))
    last = made.add("flat", Reshape(), last)
    made.add("classes", fully_connected(random.normal(size=(5, 8)), np.ones(5)), last, shape=(1, 1, 1, 5))
    return made.graph()


def test_onnx_runtime_gives_the_float_reference_s_numbers() -> None:
    graph, images = network(), np.random.default_rng(1).normal(size=(6, 3, 9, 9)).astype(np.float32)
    expected = run_float(graph, images.transpose(0, 2, 3, 1))[graph.output].reshape(6, 5)
    np.testing.assert_allclose(float_logits(graph, images), expected, rtol=1e-4, atol=1e-5)


def test_the_usual_setting_stays_near_the_floats() -> None:
    floats, quantised = answers("MinMax")
    error = np.square(quantised - floats).mean() / np.square(floats - floats.mean()).mean()
    assert 0 < error < 0.01


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_quantises(name: str) -> None:
    floats, quantised = answers(name)
    assert quantised.shape == floats.shape and np.isfinite(quantised).all() and np.any(quantised != floats)


def answers(setting: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The float model's and the quantised one's, for the images it is calibrated on."""
    images = np.random.default_rng(1).normal(size=(24, 3, 9, 9)).astype(np.float32)
    return float_logits(network(), images), quantised_logits(network(), images, images, SETTINGS[setting])


def test_a_layer_without_a_twin_is_an_error_that_names_it() -> None:
    made = GraphBuilder((1, 4, 4, 3))
    made.add("largest", MaxPool(Window((2, 2), (2, 2))), "image", shape=(1, 2, 2, 3))
    with pytest.raises(UserError, match="'largest': MaxPool"):
        onnx_model(made.graph())


def test_an_image_is_not_flattened_as_nchw_would_order_it_otherwise() -> None:
    made = GraphBuilder((1, 4, 4, 3))
    made.add("flat", Reshape(), "image", shape=(1, 1, 1, 48))
    with pytest.raises(UserError, match="'flat': Reshape"):
        onnx_model(made.graph())


def test_an_activation_that_is_not_written_is_named() -> None:
    made = GraphBuilder((1, 4, 4, 3))
    made.add("bent", Activation("gelu"), "image")
    with pytest.raises(UserError, match="'bent': gelu is not written as ONNX here"):
        float_logits(made.graph(), np.zeros((1, 3, 4, 4), np.float32))
