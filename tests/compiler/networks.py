"""MobileNetV2 and PPLCNet as integer graphs of PaddleClas's shapes, built without Paddle; all weights are zero."""

from __future__ import annotations

import numpy as np

from paddle_cortexm.compiler.graph import Graph
from paddle_cortexm.compiler.operators.elementwise.activation import Table
from paddle_cortexm.compiler.operators.elementwise.add import IntegerAdd
from paddle_cortexm.compiler.operators.elementwise.multiply import IntegerMultiply
from paddle_cortexm.compiler.operators.parts.base import Int8Array
from paddle_cortexm.compiler.operators.parts.requantisation import Requantisation
from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.compiler.operators.pools.average_pool import IntegerAveragePool
from paddle_cortexm.compiler.operators.weights.convolution import IntegerConvolution
from paddle_cortexm.compiler.operators.weights.depthwise_convolution import IntegerDepthwiseConvolution
from paddle_cortexm.compiler.operators.weights.fully_connected import IntegerFullyConnected
from tests.compiler.graphs import GraphBuilder

MOBILENETV2_WIDTHS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0)
PPLCNET_WIDTHS = (0.25, 0.35, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5)
# expansion, channels, blocks, stride of the first
MOBILENETV2_STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
# kernel, channels, stride, squeeze and excitation
PPLCNET_BLOCKS = (
    *((3, 32, 1, False), (3, 64, 2, False), (3, 64, 1, False), (3, 128, 2, False), (3, 128, 1, False)),
    *((5 if i else 3, 256, 1 if i else 2, False) for i in range(6)),
    *((5, 512, 2, True), (5, 512, 1, True)),
)


class Network:
    """Adds the usual layers to a graph; each method returns the name of its output."""

    def __init__(self, size: int) -> None:
        self.builder = GraphBuilder((1, size, size, 3), "int8")

    def convolution(self, source: str, channels: int, kernel: int = 1, stride: int = 1) -> str:
        _, height, width, depth = self.builder.tensors[source].shape
        weight = np.zeros((channels, kernel, kernel, depth), np.int8)
        operator = IntegerConvolution(weight, _bias(channels), _window(kernel, stride), 0, _requantisation(channels))
        return self._add(operator, source, shape=(1, -(-height // stride), -(-width // stride), channels))

    def depthwise(self, source: str, kernel: int, stride: int) -> str:
        _, height, width, channels = self.builder.tensors[source].shape
        weight = np.zeros((kernel, kernel, channels), np.int8)
        window, scale = _window(kernel, stride), _requantisation(channels)
        operator = IntegerDepthwiseConvolution(weight, _bias(channels), window, 0, scale)
        return self._add(operator, source, shape=(1, -(-height // stride), -(-width // stride), channels))

    def table(self, source: str) -> str:
        return self._add(Table(np.arange(-128, 128).astype(np.int8), "relu"), source)

    def sum(self, first: str, second: str) -> str:
        return self._add(IntegerAdd((0, 0), 20, (1 << 30, 1 << 30, 1 << 30), (0, 0, -19), 0), first, second)

    def product(self, first: str, second: str) -> str:
        return self._add(IntegerMultiply((0, 0), _requantisation(1)), first, second)

    def mean(self, source: str) -> str:
        _, height, width, channels = self.builder.tensors[source].shape
        return self._add(IntegerAveragePool(Window(kernel=(height, width))), source, shape=(1, 1, 1, channels))

    def classes(self, source: str, count: int = 1000) -> Graph:
        weight: Int8Array = np.zeros((count, self.builder.tensors[source].elements), np.int8)
        operator = IntegerFullyConnected(weight, _bias(count), 0, _requantisation(count))
        self._add(operator, source, shape=(1, 1, 1, count))
        return self.builder.graph()

    def _add(self, operator: object, *inputs: str, shape: tuple[int, ...] | None = None) -> str:
        name = f"{type(operator).__name__}{len(self.builder.layers)}"
        return self.builder.add(name, operator, *inputs, shape=shape)  # type: ignore[arg-type]


def mobilenetv2(width: float, size: int) -> Graph:
    network = Network(size)
    last = network.convolution("image", int(32 * width), kernel=3, stride=2)
    for expansion, channels, blocks, first_stride in MOBILENETV2_STAGES:
        for block in range(blocks):
            source, stride = last, first_stride if block == 0 else 1
            depth = network.builder.tensors[source].shape[3]
            # PaddleClas expands by a convolution even where the factor is 1.
            last = network.convolution(source, expansion * depth)
            last = network.depthwise(last, 3, stride)
            last = network.convolution(last, int(channels * width))
            last = network.sum(last, source) if block else last
    last = network.convolution(last, int(1280 * width) if width > 1 else 1280)
    return network.classes(network.mean(last))


def pplcnet(width: float, size: int) -> Graph:
    network = Network(size)
    last = network.table(network.convolution("image", _divisible(16 * width), kernel=3, stride=2))
    for kernel, channels, stride, has_excitation in PPLCNET_BLOCKS:
        last = network.table(network.depthwise(last, kernel, stride))
        if has_excitation:
            depth = network.builder.tensors[last].shape[3]
            squeezed = network.convolution(network.mean(last), depth // 4)
            last = network.product(last, network.table(network.convolution(squeezed, depth)))
        last = network.table(network.convolution(last, _divisible(channels * width)))
    return network.classes(network.table(network.convolution(network.mean(last), 1280)))


def _divisible(channels: float) -> int:
    """The nearest multiple of 8, not more than a tenth below (PaddleClas's make_divisible)."""
    nearest = max(8, int(channels + 4) // 8 * 8)
    return nearest + 8 if nearest < 0.9 * channels else nearest


def _window(kernel: int, stride: int) -> Window:
    half = kernel // 2
    return Window((kernel, kernel), (stride, stride), (half, half, half, half))


def _bias(channels: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int32]]:
    return np.zeros(channels, np.int32)


def _requantisation(channels: int) -> Requantisation:
    return Requantisation(np.full(channels, 1 << 30, np.int32), np.full(channels, -8, np.int32), 0)
