"""Random weights with which a network behaves as a trained one: every batch norm has the statistics of its input."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import paddle

from paddle_cortexm.measure.zoo.photos import photos
from paddle_cortexm.networks.build import build
from paddle_cortexm.settings.image_input import IMAGENET_MEAN, IMAGENET_STD
from paddle_cortexm.training.recipe.freezing import BATCH_NORMS


def write_weights(backbone: str, classes: int, size: int, path: Path) -> int:
    """Write the network's state (.pdparams), unless it is there already; returns how many weights there are."""
    network = build(backbone, classes, "random").network
    if not path.is_file():
        _calibrate(network, size)
        path.parent.mkdir(parents=True, exist_ok=True)
        paddle.save(network.state_dict(), str(path))
    return sum(int(np.prod(parameter.shape)) for parameter in network.parameters())


def _calibrate(network: paddle.nn.Layer, size: int) -> None:
    """Give each batch norm the mean and variance of one batch of images."""
    norms = [layer for layer in network.sublayers() if isinstance(layer, BATCH_NORMS)]
    kept = [norm._momentum for norm in norms]
    for norm in norms:
        norm._momentum = 0.0  # the statistics become the batch's
    network.train()
    with paddle.no_grad():
        network(_images(size))
    for norm, momentum in zip(norms, kept, strict=True):
        norm._momentum = momentum


def _images(size: int) -> paddle.Tensor:
    """Normalised, (N, 3, size, size)."""
    pixels = photos(size).astype(np.float32) / 255
    normalised = (pixels - np.array(IMAGENET_MEAN)) / np.array(IMAGENET_STD)
    return paddle.to_tensor(normalised.transpose(0, 3, 1, 2).astype(np.float32))
