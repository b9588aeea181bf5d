"""Small float graphs, like a MobileNetV2 block with channels of unlike sizes and like PPLCNet, and images for them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.graph import Graph
from paddle_cortexm.compiler.operators.elementwise.activation import Activation
from paddle_cortexm.compiler.operators.elementwise.add import Add
from paddle_cortexm.compiler.operators.elementwise.multiply import Multiply
from paddle_cortexm.compiler.operators.movement.reshape import Reshape
from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.compiler.operators.pools.average_pool import AveragePool
from paddle_cortexm.compiler.operators.pools.max_pool import MaxPool
from paddle_cortexm.compiler.operators.weights.convolution import Convolution
from paddle_cortexm.compiler.operators.weights.depthwise_convolution import DepthwiseConvolution
from paddle_cortexm.compiler.operators.weights.fully_connected import FullyConnected
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


def squeezed() -> Graph:
    """A convolution, hard-swish, squeeze-and-excitation, a max pool, a flatten: what PPLCNet has besides."""
    random = np.random.default_rng(1)

    def normal(*shape: int) -> NDArray[np.float32]:
        return random.normal(size=shape).astype(np.float32)

    half, quarter = SIZE // 2, SIZE // 4
    builder = GraphBuilder((1, SIZE, SIZE, 3))
    builder.add("stem", Convolution(normal(8, 3, 3, 3), normal(8), HALVED), "image", shape=(1, half, half, 8))
    builder.add("swish", Activation("hard_swish"), "stem")
    builder.add("squeeze", AveragePool(Window((half, half))), "swish", shape=(1, 1, 1, 8))
    builder.add("excite", Convolution(normal(8, 1, 1, 8), normal(8), Window()), "squeeze")
    builder.add("gate", Activation("hard_sigmoid"), "excite")
    builder.add("gated", Multiply(), "swish", "gate", shape=(1, half, half, 8))
    builder.add("pool", MaxPool(Window((2, 2), (2, 2))), "gated", shape=(1, quarter, quarter, 8))
    builder.add("flat", Reshape(), "pool", shape=(1, 1, 1, quarter * quarter * 8))
    builder.add("logits", FullyConnected(normal(4, quarter * quarter * 8), normal(4)), "flat", shape=(1, 1, 1, 4))
    return builder.graph()
