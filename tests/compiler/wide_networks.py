"""A small MobileNetV2 of floats whose block outputs and logits may be int16, and its integer graph with all of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.graph import Graph
from paddle_cortexm.compiler.integers.realisation import quantise_graph
from paddle_cortexm.compiler.integers.wide import wide_groups
from paddle_cortexm.compiler.operators.elementwise.add import Add
from paddle_cortexm.compiler.operators.movement.reshape import Reshape
from paddle_cortexm.compiler.operators.parts.clamp import OPEN, Clamp
from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.compiler.operators.pools.average_pool import AveragePool
from paddle_cortexm.compiler.operators.weights.convolution import Convolution
from paddle_cortexm.compiler.operators.weights.depthwise_convolution import DepthwiseConvolution
from paddle_cortexm.compiler.operators.weights.fully_connected import FullyConnected
from paddle_cortexm.compiler.reference import run_float
from paddle_cortexm.compiler.tensor import Range
from tests.compiler.graphs import GraphBuilder

PIXELS = (-2.0, 2.5)
SIZE = 7
SAME = Window((3, 3), (1, 1), (1, 1, 1, 1))
RELU6: Clamp = (0.0, 6.0)
BLOCK_OUTPUTS = ("project1", "project2", "sum")
LOGITS = "logits"


def float_blocks(channels: int = 20, size: int = SIZE, classes: int = 9, expansion: int = 2) -> Graph:
    """stem, two blocks with a residual between their outputs, head, pool, flatten, logits; rare large values in the
    block outputs."""
    random = np.random.default_rng(channels)

    def normal(*shape: int) -> NDArray[np.float32]:
        return random.normal(size=shape).astype(np.float32)

    def pointwise(outputs: int, inputs: int, clamp: Clamp = OPEN) -> Convolution:
        weight = normal(outputs, 1, 1, inputs) / np.sqrt(inputs, dtype=np.float32)
        weight[random.random(outputs) < 0.1] *= 20
        return Convolution(weight, normal(outputs), Window(), clamp)

    def shape(depth: int, side: int = size) -> tuple[int, int, int, int]:
        return 1, side, side, depth

    inner = expansion * channels
    builder = GraphBuilder(shape(3))
    builder.add("stem", Convolution(normal(inner, 3, 3, 3), normal(inner), SAME, RELU6), "image", shape=shape(inner))
    builder.add("project1", pointwise(channels, inner), "stem", shape=shape(channels))
    builder.add("expand2", pointwise(inner, channels, RELU6), "project1", shape=shape(inner))
    builder.add("depthwise2", DepthwiseConvolution(normal(3, 3, inner), normal(inner), SAME, RELU6), "expand2")
    builder.add("project2", pointwise(channels, inner), "depthwise2", shape=shape(channels))
    builder.add("sum", Add(), "project1", "project2")
    builder.add("head", pointwise(inner, channels, RELU6), "sum", shape=shape(inner))
    builder.add("pool", AveragePool(Window((size, size))), "head", shape=shape(inner, 1))
    builder.add("flat", Reshape(), "pool")
    builder.add(LOGITS, FullyConnected(normal(classes, inner), normal(classes)), "flat", shape=shape(classes, 1))
    return builder.graph()


def float_images(count: int, seed: int = 0, size: int = SIZE) -> NDArray[np.float32]:
    """(count, size, size, 3), normalised."""
    values = np.random.default_rng([seed, 3]).normal(size=(count, size, size, 3))
    return np.clip(values, *PIXELS).astype(np.float32)


def full_ranges(graph: Graph) -> dict[str, Range]:
    """The interval of every tensor over some images."""
    images = float_images(16, size=graph.tensors[graph.input].shape[1])
    return {name: (float(x.min()), float(x.max())) for name, x in run_float(graph, images).items()}


def wide_blocks(channels: int = 20, size: int = SIZE) -> Graph:
    """float_blocks in integers, with every tensor int16 that may be."""
    graph = float_blocks(channels, size)
    wide = [name for group in wide_groups(graph) for name in group]
    return quantise_graph(graph, full_ranges(graph), PIXELS, wide=wide)
