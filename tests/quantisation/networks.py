"""A small float graph like a MobileNetV2 block, with channels of unlike sizes, and images for it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.graph import (
    Add,
    AveragePool,
    Convolution,
    DepthwiseConvolution,
    FullyConnected,
    Graph,
    Window,
)
from tests.compiler.graphs import GraphBuilder

PIXEL_RANGE = (-2.0, 2.5)
SIZE = 12
SAME = Window((3, 3), (1, 1), (1, 1, 1, 1))
HALVED = Window((3, 3), (2, 2), (1, 1, 1, 1))


def images(count: int, seed: int = 0) -> NDArray[np.float32]:
    """(count, SIZE, SIZE, 3), normalised."""
    values = np.random.default_rng([seed, 5]).normal(size=(count, SIZE, SIZE, 3))
    return np.clip(values, *PIXEL_RANGE).astype(np.float32)


def block(seed: int = 0) -> Graph:
    """stem -> expand -> depthwise -> project, a residual, a pool and a classifier of 5."""
    random = np.random.default_rng(seed)

    def normal(*shape: int) -> NDArray[np.float32]:
        return random.normal(size=shape).astype(np.float32)

    def weights(outputs: int, inputs: int, kernel: int = 1) -> NDArray[np.float32]:
        spread = np.exp(1.2 * normal(outputs, 1, 1, 1))
        return (normal(outputs, kernel, kernel, inputs) * spread / np.sqrt(kernel * kernel * inputs)).astype(np.float32)

    half = SIZE // 2
    builder = GraphBuilder((1, SIZE, SIZE, 3))
    builder.add("stem", Convolution(weights(6, 3, 3), normal(6), HALVED, (0, 6)), "image", shape=(1, half, half, 6))
    builder.add("expand", Convolution(weights(24, 6), normal(24), Window(), (0, 6)), "stem", shape=(1, half, half, 24))
    builder.add("depthwise", DepthwiseConvolution(0.4 * normal(3, 3, 24), normal(24), SAME, (0, 6)), "expand")
    builder.add("project", Convolution(weights(6, 24), normal(6), Window()), "depthwise", shape=(1, half, half, 6))
    builder.add("sum", Add(), "stem", "project")
    builder.add("pool", AveragePool(Window((half, half))), "sum", shape=(1, 1, 1, 6))
    builder.add("logits", FullyConnected(normal(5, 6), normal(5)), "pool", shape=(1, 1, 1, 5))
    return builder.graph()
