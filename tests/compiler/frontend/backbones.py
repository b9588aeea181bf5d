"""Backbones as training leaves them, without training them."""

from __future__ import annotations

import numpy as np
import paddle

from paddle_cortexm.networks.build import build
from tests.compiler.frontend.static_programs import random_image


def trained_alike(name: str, seed: int = 0) -> paddle.nn.Layer:
    """The backbone with batch norm as after training: gains, offsets and statistics that differ by channel,
    in step with what the layers make, so that signals neither die nor explode."""
    network, random = build(name, 10, seed=seed).network, np.random.default_rng(seed)
    for layer in network.sublayers():
        if isinstance(layer, paddle.nn.BatchNorm | paddle.nn.BatchNorm2D):
            layer.weight.set_value(random.uniform(0.7, 1.3, layer.weight.shape).astype(np.float32))
            layer.bias.set_value(random.normal(0.2, 0.3, layer.bias.shape).astype(np.float32))
            layer._momentum = 0.3
    network.train()
    with paddle.no_grad():
        for step in range(3):
            network(paddle.to_tensor(random_image((4, 3, 64, 64), seed=step)))
    network.eval()
    return network
