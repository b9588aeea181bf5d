"""The network that QAT trains computes what the integers compute, and folds without leaving their grid."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import paddle
import pytest

from paddle_cortexm.artefacts.quantisation import intervals
from paddle_cortexm.compiler.backends.registry import backends_named
from paddle_cortexm.compiler.graph import Graph
from paddle_cortexm.compiler.integers.grids import tensor_grids
from paddle_cortexm.compiler.integers.realisation import quantise_graph
from paddle_cortexm.quantisation.networks.grid_network import GridNetwork
from paddle_cortexm.quantisation.ranges.observation import observe, tensor_ranges
from tests.compiler.fake_quantised import run_fake_quantised
from tests.compiler.host import run_graph
from tests.compiler.wide_networks import BLOCK_OUTPUTS, PIXELS, float_blocks, float_images, full_ranges
from tests.quantisation.small_graphs import PIXEL_RANGE, block, images, squeezed


def network_of(graph: Graph) -> GridNetwork:
    ranges = tensor_ranges(graph, observe(graph, images(32)), {}, "abs_max")
    network = GridNetwork(graph, tensor_grids(graph, intervals(ranges), PIXEL_RANGE))
    network.set_statistics(images(32).transpose(0, 3, 1, 2))
    return network


@pytest.mark.parametrize("graph", [block(), squeezed()], ids=["block", "squeezed"])
def test_most_values_are_those_of_the_fake_quantised_graph(graph: Graph) -> None:
    network = network_of(graph)
    network.eval()
    ours = network.tensors(paddle.to_tensor(images(32, seed=3).transpose(0, 3, 1, 2)))
    theirs = run_fake_quantised(graph, network.grids, images(32, seed=3))
    for name, grid in network.grids.items():
        steps = np.abs(ours[name].numpy().transpose(0, 2, 3, 1) - theirs[name]) / grid.scale
        assert np.mean(steps < 0.01) > 0.85 and np.mean(steps < 1.01) > 0.9, name


def test_int16_tensors_saturate_at_their_own_ends_and_round_to_their_own_steps() -> None:
    graph = float_blocks()
    ranges = full_ranges(graph) | {"project1": (-1.0, 0.5)}
    grids = tensor_grids(graph, ranges, PIXELS, wide=[*BLOCK_OUTPUTS, "logits"])
    network = GridNetwork(graph, grids)
    network.set_statistics(float_images(16).transpose(0, 3, 1, 2))
    network.eval()
    made = network.tensors(paddle.to_tensor(float_images(4, seed=1).transpose(0, 3, 1, 2)))
    for name in (*BLOCK_OUTPUTS, "logits"):
        steps = made[name].numpy() / grids[name].scale
        assert np.abs(steps - np.rint(steps)).max() < 0.01
        assert 127 < np.abs(steps).max() < 16383.01
    assert np.abs(made["project1"].numpy()).max() == pytest.approx(1.0)


@pytest.mark.parametrize("graph", [block(), squeezed()], ids=["block", "squeezed"])
def test_after_training_the_folded_graph_computes_what_the_network_does(graph: Graph) -> None:
    paddle.seed(0)
    network = network_of(graph)
    optimiser = paddle.optimizer.Adam(0.01, parameters=network.parameters())
    inputs = paddle.to_tensor(images(32).transpose(0, 3, 1, 2))
    labels = paddle.arange(32) % 4
    losses = []
    for step in range(12):
        network.train()
        if step == 6:
            network.freeze()
        loss = paddle.nn.functional.cross_entropy(network(inputs), labels)
        loss.backward()
        optimiser.step()
        optimiser.clear_grad()
        losses.append(float(loss))
    assert losses[-1] < losses[0]
    network.eval()
    expected = network(inputs).numpy()
    got = run_fake_quantised(network.trained_graph(), network.grids, images(32))["logits"].reshape(32, -1)
    assert np.mean(np.abs(got - expected) <= 1.01 * network.grids["logits"].scale) > 0.95


def test_the_generated_c_is_within_a_step_of_the_network_on_most_values(tmp_path: Path) -> None:
    whole = block()
    graph = replace(whole, output="sum").with_layers(whole.layers[:5])  # 216 values in place of 5 logits
    ranges = intervals(tensor_ranges(graph, observe(graph, images(32)), {}, "abs_max"))
    network = network_of(graph)
    network.eval()
    image = images(1, seed=8)
    pixels, result = network.grids["image"], network.grids["sum"]
    integers = pixels.integers(image)
    backends = backends_named(["helium", "tvm"])
    got = run_graph(tmp_path, quantise_graph(graph, ranges, PIXEL_RANGE), backends, integers).astype(np.int64)
    expected = network.tensors(paddle.to_tensor(image.transpose(0, 3, 1, 2)))["sum"].numpy().transpose(0, 2, 3, 1)
    steps = np.abs(got - (expected / result.scale + result.zero_point))
    assert np.mean(steps < 0.01) > 0.9 and np.mean(steps < 1.01) > 0.99


def test_frozen_statistics_stay() -> None:
    network = network_of(block())
    network.freeze()
    network.train()
    before = network.weighted["stem"].norm._mean.numpy().copy()
    network(paddle.to_tensor(5 * images(4).transpose(0, 3, 1, 2)))
    np.testing.assert_array_equal(network.weighted["stem"].norm._mean.numpy(), before)
