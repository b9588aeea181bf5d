"""Calibration images that are not like those the batch norms have seen."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import paddle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from paddle_cortexm.artefacts.quantisation import BatchNormShift
from paddle_cortexm.quantisation.networks.batch_norm_shift import batch_norm_shift, shift_warning

Images = NDArray[np.float32]


def images(count: int, seed: int) -> Images:
    """Smooth coloured noise of unlike brightness, normalised: (count, 3, 32, 32)."""
    random = np.random.default_rng(seed)
    coarse = random.normal(size=(count, 3, 8, 8)) + 0.3 * random.normal(size=(count, 1, 1, 1))
    return coarse.repeat(4, axis=2).repeat(4, axis=3).astype(np.float32)


@pytest.fixture(scope="module")
def trained() -> paddle.nn.Layer:
    """Convolutions, with the statistics of 512 images in their batch norms."""
    paddle.seed(1)
    layers: list[paddle.nn.Layer] = []
    for inputs, outputs in ((3, 16), (16, 16), (16, 24), (24, 24)):
        layers += [paddle.nn.Conv2D(inputs, outputs, 3, stride=2 - inputs % 2, padding=1)]
        layers += [paddle.nn.BatchNorm2D(outputs, momentum=0.8), paddle.nn.ReLU6()]
    network = paddle.nn.Sequential(*layers)
    network.train()
    for seed in range(16):
        network(paddle.to_tensor(images(32, seed)))
    network.eval()
    return network


def shift_of(network: paddle.nn.Layer, pixels: Images) -> BatchNormShift:
    shift = batch_norm_shift(network, pixels, quiet=True)
    assert shift is not None
    return shift


@given(seed=st.integers(100, 10_000), count=st.integers(16, 48))
@settings(max_examples=20, deadline=None)
def test_images_such_as_those_of_training_are_good(trained: paddle.nn.Layer, seed: int, count: int) -> None:
    assert shift_warning(shift_of(trained, images(count, seed))) is None


@pytest.mark.parametrize(
    "spoil",
    [lambda x: np.zeros_like(x), lambda x: 0.3 * x, lambda x: x + 2, lambda x: np.repeat(x[:1], len(x), axis=0) * 0.2],
    ids=["black", "another deviation", "another mean", "one flat image"],
)
def test_other_images_are_far_off(trained: paddle.nn.Layer, spoil: Callable[[Images], Images]) -> None:
    shift = shift_of(trained, spoil(images(32, 5)).astype(np.float32))
    warning = shift_warning(shift)
    assert shift.is_far and warning is not None
    assert all(
        word in warning for word in (f"{shift.first:.2f}", "data.mean", "data.calibration", shift.furthest_layer)
    )


def test_distances_are_between_0_and_1_and_0_for_the_same_statistics() -> None:
    network = paddle.nn.Sequential(paddle.nn.BatchNorm2D(3))
    pixels = images(64, 0)
    norm = network[0]
    norm._mean.set_value(pixels.mean((0, 2, 3)))
    norm._variance.set_value(pixels.var((0, 2, 3)))
    assert shift_of(network, pixels).first == pytest.approx(0, abs=1e-3)
    assert 0.9 < shift_of(network, pixels + 1000).first <= 1


def test_the_network_is_as_before(trained: paddle.nn.Layer) -> None:
    pixels = paddle.to_tensor(images(4, 0))
    before = trained(pixels).numpy()
    shift_of(trained, images(16, 1) + 9)
    np.testing.assert_array_equal(trained(pixels).numpy(), before)


def test_a_network_without_batch_norms_says_nothing() -> None:
    assert batch_norm_shift(paddle.nn.Conv2D(3, 4, 1), images(16, 0), quiet=True) is None


class OutOfOrder(paddle.nn.Layer):
    """The first norm is registered last, after one that only training would reach, and reads a vector at the end."""

    def __init__(self) -> None:
        super().__init__()
        self.auxiliary, self.last, self.first = (paddle.nn.BatchNorm(3) for _ in range(3))

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return self.last(self.first(x).mean(axis=[2, 3]))


def test_norms_come_in_the_order_in_which_images_reach_them_and_others_do_not_count() -> None:
    network = OutOfOrder()
    network.first._mean.set_value(np.full(3, 9, np.float32))
    shift = shift_of(network, images(16, 0))
    assert shift.furthest_layer == "first" and shift.first > 0.9
