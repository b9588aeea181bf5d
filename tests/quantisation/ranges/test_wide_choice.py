"""Which tensors become int16: those that count, if they cost little."""

from __future__ import annotations

from paddle_cortexm.compiler.graph import Graph
from paddle_cortexm.quantisation.ranges.wide_choice import choose_wide
from tests.compiler.wide_networks import BLOCK_OUTPUTS, LOGITS, float_blocks


def noise(graph: Graph, **share: float) -> dict[str, float]:
    """Noise of 1e-4 from every tensor, and more from some."""
    return {layer.output: share.get(layer.output, 1e-4) for layer in graph.layers}


def test_the_logits_always_are() -> None:
    graph = float_blocks()
    assert choose_wide(graph, noise(graph)) == {LOGITS}


def test_block_outputs_that_add_much_noise_are_and_all_that_additions_tie_to_them() -> None:
    graph = float_blocks(channels=3)  # an eighth of the work is in the convolutions that would read int16
    assert choose_wide(graph, noise(graph, sum=0.1)) == {*BLOCK_OUTPUTS, LOGITS}


def test_not_where_it_would_cost_too_much() -> None:
    graph = float_blocks(channels=20)  # a third
    assert choose_wide(graph, noise(graph, sum=0.1)) == {LOGITS}


def test_layers_that_stay_in_float_neither_make_nor_read_int16() -> None:
    graph = float_blocks(channels=3)
    assert choose_wide(graph, noise(graph, sum=0.1), keep_float=["head"]) == {LOGITS}
    assert LOGITS not in choose_wide(graph, noise(graph), keep_float=[LOGITS])
