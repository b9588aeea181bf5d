"""Whole networks with int16 tensors: the generated C gives the reference's bits, and less noise than int8."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from paddle_cortexm.compiler.backends.helium import HeliumBackend
from paddle_cortexm.compiler.backends.tvm import TvmBackend
from paddle_cortexm.compiler.graph import Graph
from paddle_cortexm.compiler.integers.realisation import quantise_graph
from paddle_cortexm.compiler.kernels.kernel import Backend
from paddle_cortexm.compiler.kernels.selection import select_kernels
from paddle_cortexm.compiler.reference import run_float, run_integers
from tests.compiler.graphs import dequantised
from tests.compiler.host import run_graph
from tests.compiler.wide_networks import BLOCK_OUTPUTS, PIXELS, float_blocks, float_images, full_ranges, wide_blocks

BACKENDS: dict[str, list[Backend]] = {"helium": [HeliumBackend(), TvmBackend()], "tvm": [TvmBackend()]}


def integer_images(graph: Graph, count: int) -> NDArray[np.signedinteger]:
    grid = graph.tensors[graph.input].grid
    assert grid is not None
    return grid.integers(float_images(count, seed=1))


@pytest.mark.parametrize("backends", BACKENDS.values(), ids=BACKENDS)
@pytest.mark.parametrize("channels", [16, 20])
def test_the_generated_c_gives_the_references_bits(backends: list[Backend], channels: int, tmp_path: Path) -> None:
    graph = wide_blocks(channels=channels)
    image = integer_images(graph, 1)
    expected = run_integers(graph, image)
    assert expected["sum"].dtype == expected["logits"].dtype == np.int16
    np.testing.assert_array_equal(run_graph(tmp_path, graph, backends, image), expected["logits"])


def test_a_layer_kept_in_float_stands_between_int16_tensors(tmp_path: Path) -> None:
    graph = float_blocks()
    mixed = quantise_graph(graph, full_ranges(graph), PIXELS, keep_float=["sum"], wide=BLOCK_OUTPUTS)
    image = integer_images(mixed, 1)
    expected = run_integers(mixed, image)["logits"]
    np.testing.assert_array_equal(run_graph(tmp_path, mixed, BACKENDS["helium"], image), expected)


def test_helium_has_a_kernel_for_every_layer_and_fuses_no_addition_of_int16() -> None:
    network = select_kernels(wide_blocks(), [HeliumBackend()])
    names = [kernel.name for kernel in network.kernels.values()]
    assert names.count("helium_add_s16") == 1
    assert names.count("helium_pointwise_s8_s16") == 2 and names.count("helium_pointwise_s16_s8") == 2
    assert names.count("helium_depthwise_window_s16") == names.count("helium_pointwise_s16_s16") == 1


def test_the_noise_at_the_logits_is_less_than_half_of_int8s() -> None:
    graph = float_blocks()
    exact = run_float(graph, float_images(8, seed=1))["logits"]

    def noise(integers: Graph) -> float:
        made = run_integers(integers, integer_images(integers, 8))["logits"]
        return float(np.square(dequantised(made, integers.tensors["logits"].grid) - exact).sum())

    assert noise(wide_blocks()) < 0.5 * noise(quantise_graph(graph, full_ranges(graph), PIXELS))
