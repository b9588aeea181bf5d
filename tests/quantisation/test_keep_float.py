"""Layers kept in float32: the generated C converts around them, and quantisation sees the same model as the C."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import paddle
import pytest

from paddle_cortexm.artefacts.quantisation import intervals
from paddle_cortexm.compiler.backends.registry import backends_named
from paddle_cortexm.compiler.graph import Graph
from paddle_cortexm.compiler.integers.fake_quantisation import float_tensors
from paddle_cortexm.compiler.integers.grids import tensor_grids
from paddle_cortexm.compiler.integers.realisation import kept_layers, quantise_graph
from paddle_cortexm.errors import UserError
from paddle_cortexm.quantisation.networks.grid_network import GridNetwork
from paddle_cortexm.quantisation.ranges.observation import observe, tensor_ranges
from tests.compiler.fake_quantised import run_fake_quantised
from tests.compiler.host import run_graph
from tests.quantisation.small_graphs import PIXEL_RANGE, block, images, squeezed

KEPT = (("stem",), ("depthwise",), ("expand", "depthwise"), ("project", "sum"))


def up_to_the_sum() -> Graph:
    whole = block()
    return replace(whole, output="sum").with_layers(whole.layers[:5])


@pytest.mark.parametrize("kept", KEPT)
def test_the_generated_c_the_fake_quantised_and_the_trained_network_agree(
    kept: tuple[str, ...], tmp_path: Path
) -> None:
    graph, image = up_to_the_sum(), images(1, seed=8)
    ranges = intervals(tensor_ranges(graph, observe(graph, images(32)), {}, "abs_max"))
    grids = tensor_grids(graph, ranges, PIXEL_RANGE)
    integers = grids["image"].integers(image)
    backends = backends_named(["helium", "tvm"])
    deployed = quantise_graph(graph, ranges, PIXEL_RANGE, keep_float=kept)
    got = run_graph(tmp_path, deployed, backends, integers).astype(np.int64)

    network = GridNetwork(graph, grids, kept)
    network.set_statistics(images(32).transpose(0, 3, 1, 2))
    network.eval()
    trained = network.tensors(paddle.to_tensor(image.transpose(0, 3, 1, 2)))["sum"].numpy().transpose(0, 2, 3, 1)
    for expected in (run_fake_quantised(graph, grids, image, keep_float=kept)["sum"], trained):
        steps = np.abs(got - (expected / grids["sum"].scale + grids["sum"].zero_point))
        assert np.mean(steps < 0.01) > 0.9 and np.mean(steps < 1.01) > 0.99


def test_only_what_kept_layers_alone_make_and_read_stays_float() -> None:
    graph = block()
    assert float_tensors(graph, ("expand", "depthwise")) == {"expand"}
    assert float_tensors(graph, ("stem", "expand")) == set()  # the sum reads the stem's output as integers
    assert float_tensors(graph, ("logits",)) == set()


@pytest.mark.parametrize("named", ["stem", "swish", "hard-swish of the input"])
def test_a_convolution_and_its_activation_are_kept_together(named: str) -> None:
    assert kept_layers(squeezed(), (named,)) == ("stem", "swish")


def test_a_layer_without_an_activation_of_its_own_is_kept_alone() -> None:
    assert kept_layers(squeezed(), ("gated", "logits")) == ("gated", "logits")
    assert kept_layers(block(), ("stem",)) == ("stem",)


def test_an_unknown_layer_to_keep_is_refused_with_the_nearest() -> None:
    with pytest.raises(UserError, match=r"no layer 'swich' \(did you mean 'swish'\?\)"):
        kept_layers(squeezed(), ("swich",))
