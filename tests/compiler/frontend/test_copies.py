"""Identity convolutions of converted networks: left out where they only copy, and only there."""

from __future__ import annotations

import numpy as np
import pytest

from paddle_cortexm.compiler.frontend.copies import without_copies
from paddle_cortexm.compiler.operators.parts.clamp import OPEN, Clamp
from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.compiler.operators.weights.convolution import Convolution
from paddle_cortexm.compiler.reference import run_float
from tests.compiler.graphs import GraphBuilder

RELU6: Clamp = (0.0, 6.0)
IDENTITY = np.eye(4, dtype=np.float32)[:, None, None, :]
IMAGES = np.random.default_rng(0).normal(0, 4, (2, 6, 6, 4)).astype(np.float32)


def convolution(weight: np.ndarray, bias: float = 0, clamp: Clamp = OPEN, stride: int = 1) -> Convolution:
    return Convolution(weight, np.full(len(weight), bias, np.float32), Window(stride=(stride, stride)), clamp=clamp)


def network(middle: Convolution, made_by: Clamp = RELU6) -> GraphBuilder:
    """A convolution, the one in question, and one behind it that reads both."""
    random = np.random.default_rng(1).normal(size=IDENTITY.shape).astype(np.float32)
    builder = GraphBuilder((1, 6, 6, 4))
    builder.add("first", convolution(random, 0.5, made_by), "image")
    builder.add("middle", middle, "first")
    builder.add("last", convolution(random), "middle")
    return builder


@pytest.mark.parametrize("clamp", [OPEN, (0.0, None), RELU6])
def test_a_copy_is_left_out_and_the_result_stays(clamp: Clamp) -> None:
    graph = network(convolution(IDENTITY, clamp=clamp)).graph()
    short = without_copies(graph)
    assert [layer.output for layer in short.layers] == ["first", "last"]
    assert "middle" not in short.tensors
    np.testing.assert_array_equal(run_float(short, IMAGES)["last"], run_float(graph, IMAGES)["last"])


def test_copies_of_copies_are_left_out_too() -> None:
    builder = network(convolution(IDENTITY))
    builder.add("again", convolution(IDENTITY), "first")
    builder.add("twice", convolution(IDENTITY), "again")
    builder.add("end", convolution(2 * IDENTITY), "twice")
    assert [layer.output for layer in without_copies(builder.graph()).layers] == ["first", "last", "end"]


def test_rounding_of_a_folded_batch_norm_does_not_hide_a_copy() -> None:
    nearly = (IDENTITY * np.float32(1 + 2e-7)).astype(np.float32)
    assert len(without_copies(network(convolution(nearly)).graph()).layers) == 2


@pytest.mark.parametrize(
    "changing",
    [
        convolution(IDENTITY * 1.01),
        convolution(IDENTITY[::-1].copy()),
        convolution(IDENTITY, bias=0.01),
        convolution(IDENTITY, clamp=(0.0, 3.0)),
    ],
)
def test_what_changes_a_value_stays(changing: Convolution) -> None:
    assert len(without_copies(network(changing).graph()).layers) == 3


def test_a_relu_that_its_input_has_not_had_stays() -> None:
    assert len(without_copies(network(convolution(IDENTITY, clamp=RELU6), made_by=OPEN).graph()).layers) == 3


def test_a_stride_drops_values_and_stays() -> None:
    builder = GraphBuilder((1, 6, 6, 4))
    builder.add("half", convolution(IDENTITY, stride=2), "image", shape=(1, 3, 3, 4))
    builder.add("last", convolution(IDENTITY * 2), "half")
    assert len(without_copies(builder.graph()).layers) == 2


def test_the_output_keeps_its_name() -> None:
    builder = GraphBuilder((1, 6, 6, 4))
    builder.add("first", convolution(IDENTITY * 2), "image")
    builder.add("output", convolution(IDENTITY), "first")
    assert without_copies(builder.graph()).output == "output"
