"""Folding batch norm changes no result and leaves none behind a convolution."""

from __future__ import annotations

import numpy as np
import paddle

from paddle_cortexm.quantisation.networks.fold_batch_norm import fold_batch_norm


def test_folding_keeps_the_results() -> None:
    paddle.seed(4)
    nn = paddle.nn
    network = nn.Sequential(
        nn.Conv2D(3, 8, 3, bias_attr=False), nn.BatchNorm2D(8), nn.ReLU6(), nn.Conv2D(8, 4, 1), nn.BatchNorm2D(4)
    )
    x = paddle.randn([16, 3, 9, 9])
    network(3 * x + 1)  # moves the running statistics away from 0 and 1
    network.eval()
    expected = network(x).numpy()
    assert fold_batch_norm(network) == 2
    np.testing.assert_allclose(network(x).numpy(), expected, atol=1e-5)
    assert not any(isinstance(layer, nn.BatchNorm2D) for layer in network.sublayers())


def test_networks_whose_parameters_have_the_same_names_fold_in_one_process() -> None:
    nn = paddle.nn
    for _ in range(2):
        with paddle.utils.unique_name.guard():
            network = nn.Sequential(nn.Conv2D(3, 4, 1, bias_attr=False), nn.BatchNorm2D(4))
        assert fold_batch_norm(network) == 1
