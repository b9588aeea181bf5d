"""Mixup and CutMix blend images and labels by the same share."""

from __future__ import annotations

import numpy as np
import paddle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddle_cortexm.training.recipe.mixing import Mixing
from paddle_cortexm.training.recipe.parts import Batch

COUNT = 8


def batch() -> Batch:
    """Images whose every value is their number, each of a class of its own."""
    numbers = paddle.arange(COUNT)
    return Batch(numbers.astype("float32").reshape([-1, 1, 1, 1]).expand([COUNT, 3, 12, 12]), numbers)


def mixed(mixup: float, cutmix: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    made = Mixing(mixup, cutmix, COUNT).change_batch(batch(), np.random.default_rng(seed))
    return made.inputs.numpy(), made.targets.numpy()


@settings(max_examples=30, deadline=None)
@given(st.sampled_from([(0.2, 0), (0, 1.0), (0.8, 1.0)]), st.integers(0, 2**32 - 1))
def test_a_label_has_the_share_that_its_pixels_have(alphas: tuple[float, float], seed: int) -> None:
    images, targets = mixed(*alphas, seed)
    np.testing.assert_allclose(targets.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(images.mean(axis=(1, 2, 3)), targets @ np.arange(COUNT), rtol=1e-4, atol=1e-4)


def test_cutmix_pastes_pixels_and_mixup_blends_them() -> None:
    pasted, blended = mixed(0, 1, seed=1)[0], mixed(1, 0, seed=1)[0]
    assert np.isin(pasted, np.arange(COUNT)).all() and (pasted != batch().inputs.numpy()).any()
    assert not np.isin(blended, np.arange(COUNT)).all()


def test_with_both_a_batch_gets_either() -> None:
    pasted = [np.isin(mixed(1, 1, seed)[0], np.arange(COUNT)).all() for seed in range(40)]
    assert 10 < sum(pasted) < 30


@pytest.mark.parametrize("alphas", [(0.2, 0), (0, 1), (1, 1)])
def test_the_same_random_numbers_give_the_same_batch(alphas: tuple[float, float]) -> None:
    first, second = mixed(*alphas, seed=3), mixed(*alphas, seed=3)
    assert np.array_equal(first[0], second[0]) and np.array_equal(first[1], second[1])
