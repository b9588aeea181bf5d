"""Depthwise convolutions as matrix products give what Paddle's kernels give, gradients included."""

from __future__ import annotations

import numpy as np
import paddle
import pytest

from paddle_cortexm.training.small_maps import speed_up_small_maps


@pytest.mark.parametrize(("size", "kernel", "stride"), [(4, 3, 1), (8, 5, 2), (5, 3, 2), (2, 3, 1), (7, 5, 1)])
def test_results_and_gradients_equal_paddles(size: int, kernel: int, stride: int) -> None:
    paddle.seed(1)
    layer = paddle.nn.Conv2D(6, 6, kernel, stride=stride, padding=kernel // 2, groups=6)
    network = paddle.nn.Sequential(layer)
    x = paddle.randn([3, 6, size, size + 1])
    expected = _result_and_gradient(network, x)
    assert speed_up_small_maps(network) == 1
    for ours, theirs in zip(_result_and_gradient(network, x), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)


def test_other_convolutions_are_left_alone() -> None:
    network = paddle.nn.Sequential(paddle.nn.Conv2D(4, 8, 1), paddle.nn.Conv2D(8, 8, 3, groups=2, padding=1))
    assert speed_up_small_maps(network) == 0


def _result_and_gradient(network: paddle.nn.Layer, x: paddle.Tensor) -> tuple[np.ndarray, ...]:
    weight = network[0].weight
    result = network(x)
    (result * result).sum().backward()
    gradient = weight.grad.numpy()
    weight.clear_grad()
    return result.numpy(), gradient
