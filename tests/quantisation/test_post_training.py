"""Equalisation, AdaRound and bias correction: exact where they must be, better where they promise it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddle_cortexm.artefacts.quantisation import Recipe, intervals
from paddle_cortexm.compiler.graph import Graph
from paddle_cortexm.compiler.integers import adjustments
from paddle_cortexm.compiler.integers.grids import grid_of_range
from paddle_cortexm.compiler.integers.realisation import quantise_graph
from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.compiler.operators.weights.convolution import Convolution
from paddle_cortexm.compiler.operators.weights.weighted import Weighted
from paddle_cortexm.compiler.reference import run_float
from paddle_cortexm.quantisation.post_training import PostTraining, Quantised
from paddle_cortexm.quantisation.ranges.logit_effect import LogitEffect
from paddle_cortexm.quantisation.ranges.search import RangeSearch, Searched, limited
from paddle_cortexm.quantisation.weights import rounding
from paddle_cortexm.quantisation.weights.equalisation import equalise
from paddle_cortexm.quantisation.weights.refinement import refine
from paddle_cortexm.quantisation.weights.rounding import adaround, best_steps
from tests.compiler.fake_quantised import run_fake_quantised
from tests.quantisation.small_graphs import PIXEL_RANGE, block, images


def made_with(recipe: Recipe, graph: Graph | None = None) -> Quantised:
    return PostTraining(graph or block(), images(64), lambda *_: {}, PIXEL_RANGE, quiet=True).quantised(recipe)


def error(made: Quantised) -> float:
    """Mean squared error of the logits on images that calibration has not seen."""
    held_out = images(128, seed=9)
    exact = run_float(block(), held_out)["logits"].reshape(128, -1)
    return float(np.square(made.logits(held_out) - exact).mean())


def test_found_ranges_are_not_used_where_they_are_worse_together(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = Recipe(algorithm="mse", range_search=True)

    def narrower(search: RangeSearch, start: Searched) -> Searched:
        cut = {name: limited(search.seen[name], 0.1 * r.maximum, "cut") for name, r in start.ranges.items()}
        return Searched(cut, start.noise)

    monkeypatch.setattr(RangeSearch, "searched", narrower)
    made, without = made_with(recipe), made_with(recipe.model_copy(update={"range_search": False}))
    assert made.ranges == without.ranges
    assert made.recipe == without.recipe


def test_equalisation_keeps_the_results_on_the_calibration_images() -> None:
    graph, seen = block(), images(64)
    equalised = equalise(graph, seen)
    assert set(equalised.reach) == {"expand"}
    np.testing.assert_allclose(run_float(equalised.graph, seen)["logits"], run_float(graph, seen)["logits"], atol=1e-4)


def test_equalised_channels_are_of_like_size() -> None:
    def spread(graph: Graph) -> float:
        largest = run_float(graph, images(64))["expand"].max(axis=(0, 1, 2))
        return float(largest[largest > 0].min() / largest.max())

    assert spread(equalise(block(), images(64)).graph) > 1.5 * spread(block())


def test_every_image_knows_how_far_a_channel_reaches_without_it() -> None:
    graph, seen = block(), images(8)
    reach, equalised = equalise(graph, seen).reach["expand"], run_float(equalise(graph, seen).graph, seen)["expand"]
    maxima = equalised.max(axis=(1, 2))
    for image in range(8):
        others = np.delete(maxima, image, axis=0).max(axis=0)
        has_own_range = reach[image] < 1
        np.testing.assert_allclose((reach[image] * maxima.max(axis=0))[has_own_range], others[has_own_range], rtol=1e-4)
        assert np.all(others[~has_own_range] <= maxima.max(axis=0)[~has_own_range])
    assert (reach < 1).any(axis=0).sum() > reach.shape[1] // 2


def test_noise_of_equalised_channels_is_that_of_images_that_were_not_seen() -> None:
    graph, seen, others = block(), images(12), images(128, seed=9)
    equalised = equalise(graph, seen)
    grid = grid_of_range(0.0, float(run_float(equalised.graph, seen)["expand"].max()))
    unseen = LogitEffect(equalised.graph, others).noise("expand", grid)
    with_reach = LogitEffect(equalised.graph, seen, equalised.reach).noise("expand", grid)
    without = LogitEffect(equalised.graph, seen).noise("expand", grid)
    assert without < with_reach
    assert abs(np.log(with_reach / unseen)) < abs(np.log(without / unseen))


def test_equalisation_changes_no_int8_weight() -> None:
    graph = block()
    equalised = equalise(graph, images(64)).graph
    for before, after in zip(graph.layers, equalised.layers, strict=True):
        if isinstance(before.operator, Weighted) and isinstance(after.operator, Weighted):
            np.testing.assert_array_equal(
                before.operator.integer_weights(0.1)[0], after.operator.integer_weights(0.1)[0]
            )


@given(st.integers(0, 10**6), st.integers(2, 12))
def test_adaround_never_does_worse_than_rounding_to_nearest(seed: int, size: int) -> None:
    random = np.random.default_rng(seed)
    inputs = random.normal(size=(40, size)) @ random.normal(size=(size, size))
    moments, rows = inputs.T @ inputs / 40, random.uniform(-127, 127, (3, size))
    steps = best_steps(rows, moments[None])
    assert np.all(np.abs(steps - rows) <= 1) and np.all(np.abs(steps) <= 127) and np.all(steps == np.round(steps))

    def cost(candidate: np.ndarray) -> np.ndarray:
        return np.einsum("ok,kj,oj->o", candidate - rows, moments, candidate - rows)

    assert np.all(cost(steps) <= cost(np.round(rows)) + 1e-9)


def test_adaround_takes_many_inputs_block_by_block(monkeypatch: pytest.MonkeyPatch) -> None:
    operator = next(layer.operator for layer in block().layers if layer.output == "project")
    assert isinstance(operator, Weighted)
    inputs, scales = run_float(block(), images(64))["depthwise"], operator.integer_weights(0.1)[2]
    whole = adaround(operator, scales, inputs, centred=False)
    monkeypatch.setattr(rounding, "BLOCK", 3)
    rows = operator.weight_rows() / scales[:, None]
    moments = rounding.second_moments(operator.patches(inputs, rounding.PATCHES), centred=False)

    def cost(steps: np.ndarray) -> float:
        return float(np.einsum("ok,kj,oj->", steps - rows, moments[0], steps - rows))

    parts = adaround(operator, scales, inputs, centred=False)
    assert cost(whole) <= cost(parts) < cost(np.round(rows))


def test_adaround_of_groups_is_that_of_each_group_alone() -> None:
    random = np.random.default_rng(0)
    weight, bias = random.normal(size=(6, 1, 1, 4)).astype(np.float32), np.zeros(6, np.float32)
    inputs, scales = random.normal(size=(9, 3, 3, 8)).astype(np.float32), np.full(6, 0.02)
    rounded = adaround(Convolution(weight, bias, Window(), groups=2), scales, inputs, centred=False)
    alone = [
        adaround(Convolution(weight[own], bias[own], Window()), scales[own], inputs[..., seen], centred=False)
        for own, seen in ((slice(0, 3), slice(0, 4)), (slice(3, 6), slice(4, 8)))
    ]
    np.testing.assert_array_equal(rounded, np.concatenate(alone))


def test_bias_correction_takes_the_mean_error_off_every_channel() -> None:
    plain = made_with(Recipe(algorithm="abs_max"))
    seen = images(64)
    corrected = refine(block(), plain.grids, seen, adaround=False, bias_correction=True)
    exact = run_float(block(), seen)["project"].mean(axis=(0, 1, 2))

    def mean_error(graph: Graph) -> float:
        on_grid = run_fake_quantised(graph, plain.grids, seen)["project"].mean(axis=(0, 1, 2))
        return float(np.abs(on_grid - exact).max())

    assert mean_error(corrected.graph) < 0.5 * mean_error(block())


def test_rounded_weights_survive_the_file_and_the_integer_realisation(tmp_path: Path) -> None:
    made = made_with(Recipe(algorithm="mse", adaround=True, bias_correction=True))
    adjustments.save(tmp_path / "deployed.npz", made.deployed)
    loaded = adjustments.load(tmp_path / "deployed.npz", block())
    integers = quantise_graph(loaded.graph, intervals(made.ranges), PIXEL_RANGE, weight_scales=loaded.weight_scales)
    for layer in integers.layers:
        if layer.output in made.deployed.weight_scales:
            original = next(x for x in made.deployed.graph.layers if x.output == layer.output).operator
            scales = made.deployed.weight_scales[layer.output]
            shaped = scales if layer.output == "depthwise" else scales.reshape(-1, *[1] * (original.weight.ndim - 1))
            np.testing.assert_allclose(layer.operator.weight * shaped, original.weight, atol=1e-6)


def test_the_same_weights_give_the_same_file(tmp_path: Path) -> None:
    made = made_with(Recipe(algorithm="mse", adaround=True))
    for name in ("a.npz", "b.npz"):
        adjustments.save(tmp_path / name, made.deployed)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


@pytest.mark.parametrize("extras", [{"bias_correction": True}, {"adaround": True}])
def test_a_refined_model_is_closer_to_float(extras: dict[str, bool]) -> None:
    assert error(made_with(Recipe(algorithm="abs_max", **extras))) < error(made_with(Recipe(algorithm="abs_max")))


def test_asymmetric_grids_are_closer_to_float_than_symmetric_ones() -> None:
    assert error(made_with(Recipe(algorithm="abs_max"))) < error(made_with(Recipe(algorithm="abs_max", symmetric=True)))


def test_a_grid_a_channel_and_searched_ranges_are_closer_to_float() -> None:
    plain = error(made_with(Recipe(algorithm="mse")))
    assert error(made_with(Recipe(algorithm="mse", equalisation=True, range_search=True))) < plain


def test_int16_logits_lose_nothing_to_rounding() -> None:
    made = made_with(Recipe(algorithm="mse", int16=True))
    assert made.ranges["logits"].bits == 16
    assert "logits" not in made.noise and set(made.noise) > {"stem", "project"}


def test_what_takes_minutes_says_how_far_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    made_with(Recipe(algorithm="mse", adaround=True, bias_correction=True, range_search=True))
    lines, layers = capsys.readouterr().out, len(block().layers)
    assert f"AdaRound and bias correction: {layers}/{layers}" in lines
    assert "noise by tensor: 6/6" in lines and "ranges: " in lines


def test_recipes_share_what_they_have_in_common() -> None:
    asked: list[str] = []

    def thresholds(algorithm: str, count: int) -> dict[str, float]:
        asked.append(algorithm)
        return {}

    calibration = PostTraining(block(), images(16), thresholds, PIXEL_RANGE, quiet=True)
    for extras in ({}, {"bias_correction": True}, {"adaround": True}):
        calibration.quantised(Recipe(algorithm="mse", range_search=True, **extras))
    assert asked == ["mse"]


def test_ranges_say_whose_they_are() -> None:
    calibration = PostTraining(block(), images(16), lambda *_: {"stem": 3.0, "expand": 3.0}, PIXEL_RANGE, quiet=True)
    ranges = calibration.quantised(Recipe(algorithm="mse", equalisation=True)).ranges
    assert ranges["stem"].source == "paddleslim-mse"
    assert ranges["expand"].source == "calibrated-mse"  # equalised: PaddleSlim's threshold does not hold any more
