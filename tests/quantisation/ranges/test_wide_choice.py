"""Which tensors become int16: those that count, if they cost little."""

from __future__ import annotations

import numpy as np

from paddle_cortexm.compiler.graph import Graph
from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.compiler.operators.weights.depthwise_convolution import DepthwiseConvolution
from paddle_cortexm.quantisation.ranges.wide_choice import choose_wide
from tests.compiler.graphs import GraphBuilder, fully_connected, pointwise
from tests.compiler.wide_networks import BLOCK_OUTPUTS, LOGITS, float_blocks


def noise(graph: Graph, **share: float) -> dict[str, float]:
    """Noise of 1e-4 from every tensor, and more from some."""
    return {layer.output: share.get(layer.output, 1e-4) for layer in graph.layers}


def depthwise_behind(channels: int) -> Graph:
    """So many channels, then a depthwise convolution of 8 that a pointwise one reads."""
    random = np.random.default_rng(0)
    same = Window((3, 3), (1, 1), (1, 1, 1, 1))
    depthwise = DepthwiseConvolution(random.normal(size=(3, 3, 8)).astype(np.float32), np.zeros(8, np.float32), same)
    builder = GraphBuilder((1, 4, 4, 8))
    builder.add("large", pointwise(random.normal(size=(channels, 8)), None), "image", shape=(1, 4, 4, channels))
    builder.add("small", pointwise(random.normal(size=(8, channels)), None), "large", shape=(1, 4, 4, 8))
    builder.add("depthwise", depthwise, "small")
    builder.add("read", pointwise(random.normal(size=(8, 8)), None), "depthwise")
    builder.add(LOGITS, fully_connected(random.normal(size=(3, 8 * 16))), "read", shape=(1, 1, 1, 3))
    return builder.graph()


def test_the_logits_always_are() -> None:
    graph = float_blocks()
    assert choose_wide(graph, noise(graph)) == {LOGITS}


def test_block_outputs_that_add_much_noise_are_and_all_that_additions_tie_to_them() -> None:
    graph = float_blocks(channels=3, expansion=4)  # an eighth of the work is in the convolutions that would read int16
    assert choose_wide(graph, noise(graph, sum=0.1)) == {*BLOCK_OUTPUTS, LOGITS}


def test_not_where_it_would_cost_too_much() -> None:
    graph = float_blocks(channels=20, expansion=4)  # a third
    assert choose_wide(graph, noise(graph, sum=0.1)) == {LOGITS}


def test_not_for_less_noise_than_work() -> None:
    graph = float_blocks(channels=3, expansion=4)
    assert choose_wide(graph, noise(graph, sum=0.1, stem=1.0)) == {LOGITS}


def test_a_depthwise_convolutions_result_is_where_a_larger_layer_needs_the_memory_anyway() -> None:
    roomy, tight = depthwise_behind(32), depthwise_behind(9)
    assert choose_wide(roomy, noise(roomy, depthwise=0.1)) == {"depthwise", LOGITS}
    assert choose_wide(tight, noise(tight, depthwise=0.1)) == {LOGITS}


def test_layers_that_stay_in_float_neither_make_nor_read_int16() -> None:
    graph = float_blocks(channels=3, expansion=4)
    assert choose_wide(graph, noise(graph, sum=0.1), keep_float=["head"]) == {LOGITS}
    assert LOGITS not in choose_wide(graph, noise(graph), keep_float=[LOGITS])
