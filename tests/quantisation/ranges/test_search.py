"""Ranges by their effect on the logits: never worse than their start, better where the tensor's own error misleads."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddle_cortexm.artefacts.quantisation import intervals
from paddle_cortexm.compiler.graph import Graph
from paddle_cortexm.compiler.integers.fake_quantisation import one_layer, to_grid
from paddle_cortexm.compiler.integers.grids import tensor_grids
from paddle_cortexm.compiler.operators.weights.fully_connected import FullyConnected
from paddle_cortexm.compiler.reference import run_float
from paddle_cortexm.compiler.tensor import Grid
from paddle_cortexm.quantisation.ranges import logit_effect
from paddle_cortexm.quantisation.ranges.logit_effect import LogitEffect
from paddle_cortexm.quantisation.ranges.observation import observe, tensor_ranges
from paddle_cortexm.quantisation.ranges.search import RangeSearch, Searched, best_limit
from tests.quantisation.small_graphs import PIXEL_RANGE, block, images, squeezed

IMAGES = images(32)


def searched(graph: Graph, algorithm: str = "mse", *, only_measure: bool = False) -> Searched:
    seen = observe(graph, IMAGES)
    start = tensor_ranges(graph, seen, {}, algorithm)
    search = RangeSearch(graph, LogitEffect(graph, IMAGES), seen, PIXEL_RANGE, quiet=True)
    measured = search.measured(start)
    return measured if only_measure else search.searched(measured)


def with_outlier(weight_of_outlier: float) -> Graph:
    """block() whose channel 0 of the sum has values a hundred times those of the others, read with this weight."""
    graph = block()
    layers = {layer.output: layer for layer in graph.layers}
    project, logits = layers["project"].operator, layers["logits"].operator
    assert isinstance(logits, FullyConnected)
    weight, bias = project.weight.copy(), project.bias.copy()  # type: ignore[attr-defined]
    weight[0], bias[0] = 100 * weight[0], 0
    read = logits.weight.copy()
    read[:, 0] = weight_of_outlier * read[:, 0]
    layers["project"] = replace(layers["project"], operator=project.with_weights(weight, bias))  # type: ignore[attr-defined]
    layers["logits"] = replace(layers["logits"], operator=logits.with_weights(read, logits.bias))
    return replace(graph, layers=tuple(layers[layer.output] for layer in graph.layers))


def test_noise_is_what_rounding_this_tensor_alone_does_to_the_logits() -> None:
    for graph in (block(), squeezed()):  # the middle layer of neither feeds a pool, which would round once more
        seen = observe(graph, IMAGES)
        grids = tensor_grids(graph, intervals(tensor_ranges(graph, seen, {}, "mse")), PIXEL_RANGE)
        effect, exact = LogitEffect(graph, IMAGES), run_float(graph, IMAGES)
        name = graph.layers[len(graph.layers) // 2].output
        tensors = {**exact, name: to_grid(exact[name], grids[name])}
        changed = {name}
        for layer in graph.layers:
            if changed & set(layer.inputs):
                result = one_layer(layer, tensors, graph)
                tensors[layer.output] = result
                changed.add(layer.output)
        wanted, got = (t[graph.output].reshape(len(IMAGES), -1) for t in (exact, tensors))
        wanted, got = (x - x.mean(axis=1, keepdims=True) for x in (wanted, got))
        expected = np.square(got - wanted).sum() / np.square(wanted).sum()
        np.testing.assert_allclose(effect.noise(name, grids[name]), expected, rtol=0.02)


def test_the_work_that_follows_a_tensor_decides_on_how_many_images_it_is_measured(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    graph = block()
    grid = Grid(0.5, 0)
    after_depthwise = sum(
        layer.operator.macs(graph.output_of(layer).shape)
        for layer in graph.layers
        if layer.output in ("project", "sum", "pool", "logits")
    )
    monkeypatch.setattr(logit_effect, "MACS_LIMIT", logit_effect.BATCH * after_depthwise)
    few = LogitEffect(graph, IMAGES)
    monkeypatch.undo()
    first, all_of_them = LogitEffect(graph, IMAGES[::2]), LogitEffect(graph, IMAGES)
    for name in ("stem", "expand", "depthwise"):  # one batch of the two: every other image
        assert few.noise(name, grid) == pytest.approx(first.noise(name, grid))
        assert few.noise(name, grid) != pytest.approx(all_of_them.noise(name, grid))
    for name in ("sum", "logits"):
        assert few.noise(name, grid) == pytest.approx(all_of_them.noise(name, grid))


@given(st.floats(-3, 3), st.floats(-2.5, 2.5))
def test_steps_lead_to_the_least_of_a_valley(best: float, start: float) -> None:
    def noise_at(limit: float) -> float:
        return float((np.log2(limit) - best) ** 2)

    limit, noise = best_limit(noise_at, 2.0**start, 2.0**-4, 2.0**4)
    assert noise == noise_at(limit) <= noise_at(2.0**start)
    assert abs(np.log2(limit) - best) <= 0.25 + 1e-9


@given(st.lists(st.floats(0, 1), min_size=64, max_size=64), st.floats(1, 99))
def test_the_search_stays_within_its_bounds_and_is_never_worse_than_its_start(rough: list[float], start: float) -> None:
    tried: list[float] = []

    def noise_at(limit: float) -> float:
        tried.append(limit)
        return rough[int(limit * 1000) % 64]

    _, noise = best_limit(noise_at, start, 1.0, 99.0)
    assert noise <= rough[int(start * 1000) % 64]
    assert all(1.0 <= value <= 99.0 for value in tried)


def test_searched_ranges_add_no_more_noise_than_those_they_start_from() -> None:
    for graph in (block(), with_outlier(0.0)):
        before, after = searched(graph, only_measure=True), searched(graph)
        assert all(after.noise[name] <= before.noise[name] for name in before.noise)
    assert sum(after.noise.values()) < 0.1 * sum(before.noise.values())  # what the logits ignore is cut off


def test_rare_large_values_keep_their_range_where_the_logits_read_them_and_lose_it_where_not() -> None:
    read, ignored = searched(with_outlier(1.0)).ranges["sum"], searched(with_outlier(0.0)).ranges["sum"]
    assert ignored.maximum - ignored.minimum < 0.3 * (read.maximum - read.minimum)


def test_logits_are_never_cut_off() -> None:
    graph = block()
    seen, ranges = observe(graph, IMAGES), searched(graph).ranges
    assert ranges["logits"].maximum >= seen["logits"].maximum
    assert ranges["logits"].minimum <= seen["logits"].minimum
