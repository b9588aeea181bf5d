"""Ranges: every tensor gets one, by the algorithm asked for; dead tensors are said."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddle_cortexm.artefacts.quantisation import TensorRange, intervals
from paddle_cortexm.compiler.integers.grids import tensor_grids
from paddle_cortexm.quantisation.ranges.observation import Observation, constant_tensors, observe, tensor_ranges
from paddle_cortexm.quantisation.ranges.thresholds import rounded, threshold
from tests.quantisation.small_graphs import PIXEL_RANGE, block, images

ALGORITHMS = ("abs_max", "avg", "hist", "KL", "mse", "emd", "snr")


def heavy_tailed(count: int = 20000) -> np.ndarray:
    """Values of which very few are very large."""
    return np.random.default_rng(3).standard_t(3, (20, count // 20)).astype(np.float32)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_threshold_is_no_larger_than_the_largest_value(algorithm: str) -> None:
    values = heavy_tailed()
    largest = float(np.abs(values).max())
    assert (
        0.2 * largest * (algorithm not in ("hist", "snr")) < threshold(values, [largest], algorithm) <= largest * 1.001
    )


def test_mse_loses_less_than_abs_max_on_heavy_tails() -> None:
    values = heavy_tailed()
    largest = [float(np.abs(values).max())]
    errors = [np.square(values - rounded(values, threshold(values, largest, a))).mean() for a in ("mse", "abs_max")]
    assert errors[0] < errors[1]


def test_one_image_with_huge_values_does_not_decide_for_the_others_with_snr() -> None:
    values = np.random.default_rng(0).normal(size=(100, 50)).astype(np.float32)
    values[7] *= 40
    largest = np.abs(values).max(axis=1).tolist()
    assert threshold(values, largest, "snr") < 0.3 * max(largest) < threshold(values, largest, "mse")


@pytest.mark.parametrize("algorithm", ["avg", "mse", "snr"])
def test_logits_are_never_cut_off(algorithm: str) -> None:
    graph = block()
    seen = observe(graph, images(32))
    low, high = intervals(tensor_ranges(graph, seen, {}, algorithm))["logits"]
    assert low <= seen["logits"].minimum and high >= seen["logits"].maximum


def test_avg_is_the_mean_of_the_images_maxima() -> None:
    assert threshold(np.array([[1.0], [3.0]], np.float32), [1.0, 3.0], "avg") == 2.0


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_tensor_of_zeros_has_the_threshold_zero(algorithm: str) -> None:
    assert threshold(np.zeros((1, 10), np.float32), [0.0], algorithm) == 0.0


@given(st.integers(1, 40), st.integers(16, 64))
def test_an_observation_keeps_the_extremes_of_all_values_and_of_each_image(values_an_image: int, count: int) -> None:
    values = np.random.default_rng(count).normal(size=(count, 7, 5)).astype(np.float32)
    observation = Observation(values_an_image)
    observation.add(values)
    assert (observation.minimum, observation.maximum) == (values.min(), values.max())
    assert observation.image_maxima == np.abs(values).max(axis=(1, 2)).tolist()
    assert observation.values.shape == (count, min(values_an_image, 35))


def test_the_sample_has_values_of_all_channels() -> None:
    channels = np.broadcast_to(np.arange(16, dtype=np.float32), (20, 32, 32, 16))
    observation = Observation(256)  # every 64th value of 16,384 would be channel 0 alone
    observation.add(channels)
    assert set(observation.values.reshape(-1)) == set(range(16))


def test_every_tensor_gets_a_range_and_paddleslims_thresholds_come_first() -> None:
    graph, seen = block(), observe(block(), images(20))
    ranges = tensor_ranges(graph, seen, {"expand": 2.5}, "abs_max")
    assert set(ranges) == set(graph.tensors)
    assert ranges["expand"] == TensorRange(minimum=0.0, maximum=2.5, source="paddleslim-abs_max")
    assert ranges["project"].source == "calibrated-abs_max"
    assert ranges["project"].minimum == seen["project"].minimum


def test_a_non_negative_tensor_uses_all_256_steps_and_a_pool_shares_its_inputs_grid() -> None:
    graph = block()
    ranges = tensor_ranges(graph, observe(graph, images(20)), {}, "abs_max")
    grids = tensor_grids(graph, intervals(ranges), PIXEL_RANGE)
    assert grids["expand"].zero_point == -128
    assert np.isclose(grids["expand"].scale * 255, ranges["expand"].maximum)
    assert grids["pool"] == grids["sum"]


def test_constant_tensors_are_named() -> None:
    seen = observe(block(), np.zeros_like(images(16)))
    assert constant_tensors(seen) == ["image"]
    assert constant_tensors(observe(block(), images(16))) == []
