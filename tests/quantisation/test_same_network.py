"""What is compiled is what was trained, wherever the batch norms stand; and where it is not, stage 2 says so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import paddle
import pytest

from paddle_cortexm.artefacts.quantisation import Recipe, intervals
from paddle_cortexm.artefacts.training import Scores
from paddle_cortexm.compiler.frontend.load import load_graph
from paddle_cortexm.compiler.graph import Graph
from paddle_cortexm.compiler.integers.realisation import quantise_graph
from paddle_cortexm.compiler.operators.weights.weighted import Weighted
from paddle_cortexm.compiler.reference import run_float, run_integers
from paddle_cortexm.errors import UserError
from paddle_cortexm.quantisation.networks.paddle_graph import PaddleGraph
from paddle_cortexm.quantisation.networks.programs import export_program
from paddle_cortexm.quantisation.post_training import PostTraining
from paddle_cortexm.quantisation.same_network import check_same_accuracy, check_same_logits
from tests.quantisation.norm_networks import BLOCKS, SIZE, BehindRelu, Block, network_of

PIXEL_RANGE = (-4.0, 5.0)
IMAGES = np.clip(np.random.default_rng(7).normal(0.5, 2, (64, SIZE, SIZE, 3)), *PIXEL_RANGE).astype(np.float32)


def imported(network: paddle.nn.Layer, folder: Path) -> Graph:
    export_program(network, folder, (SIZE, SIZE, 3))
    return load_graph(folder)


@pytest.mark.parametrize("block", BLOCKS.values(), ids=BLOCKS.keys())
def test_the_graph_is_the_trained_network_in_floats_and_in_integers(block: Block, tmp_path: Path) -> None:
    network = network_of(block)
    graph = imported(network, tmp_path)
    check_same_logits(network, tmp_path, graph)
    expected = network(paddle.to_tensor(IMAGES.transpose(0, 3, 1, 2))).numpy()
    for logits in (PaddleGraph(graph).logits(IMAGES), run_float(graph, IMAGES)[graph.output].reshape(len(IMAGES), -1)):
        assert np.abs(logits - expected).max() <= 1e-4 * np.abs(expected).max()
        np.testing.assert_array_equal(logits.argmax(axis=1), expected.argmax(axis=1))
    made = PostTraining(graph, IMAGES[:32], lambda *_: {}, PIXEL_RANGE, quiet=True).quantised(Recipe(algorithm="mse"))
    integers = quantise_graph(made.deployed.graph, intervals(made.ranges), PIXEL_RANGE)
    pixels = made.grids[graph.input].integers(IMAGES)
    classes = run_integers(integers, pixels)[graph.output].reshape(len(IMAGES), -1).argmax(axis=1)
    assert np.mean(classes == expected.argmax(axis=1)) > 0.9


def test_a_layer_that_the_import_changed_is_named(tmp_path: Path) -> None:
    network = network_of(BehindRelu)
    graph = imported(network, tmp_path)
    place = 2
    layer = graph.layers[place]
    operator = layer.operator
    assert isinstance(operator, Weighted)
    changed = replace(layer, operator=operator.with_weights(operator.weight * np.float32(1.1), operator.bias))
    other = replace(graph, layers=(*graph.layers[:place], changed, *graph.layers[place + 1 :]))
    with pytest.raises(UserError, match=rf"another network.*import changed it: '.*' \({layer.output}\) is the first"):
        check_same_logits(network, tmp_path, other)


def test_an_export_that_changed_the_network_is_told_from_an_import_that_did(tmp_path: Path) -> None:
    network = network_of(BehindRelu)
    graph = imported(network, tmp_path)
    norm = next(layer for layer in network.sublayers() if isinstance(layer, paddle.nn.BatchNorm2D))
    norm.bias.set_value(norm.bias + 0.1)
    with pytest.raises(UserError, match=r"another network.*export changed it"):
        check_same_logits(network, tmp_path, graph)


def scores(top1: float, images: int = 1000) -> Scores:
    return Scores(images=images, top1=top1, top5=1.0)


def test_a_gap_between_the_float_accuracies_of_stages_1_and_2_stops_the_line() -> None:
    for trained, compiled in ((0.7475, 0.13), (0.7475, 0.7424), (0.13, 0.7475)):
        with pytest.raises(UserError, match=rf"had {trained:.2%} of 1000.*has {compiled:.2%} of 1000, both in float"):
            check_same_accuracy(scores(trained), scores(compiled))
    with pytest.raises(UserError, match=r"of 1000 validation images in stage 1, .* of 999"):
        check_same_accuracy(scores(0.75), scores(0.75, 999))


def test_rounding_may_change_the_class_of_an_image() -> None:
    check_same_accuracy(scores(0.7475), scores(0.7435))
    check_same_accuracy(scores(0.9, 20), scores(0.85, 20))
    check_same_accuracy(None, scores(0.5))
