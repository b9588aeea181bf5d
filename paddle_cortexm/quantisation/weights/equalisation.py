"""Cross-layer equalisation: channels of one tensor brought to like sizes, so that all of them use the int8 grid.

What a channel of the first layer is multiplied by, the next layer's weights are divided by. Source: Nagel et al.,
Data-Free Quantization Through Weight Equalization and Bias Correction (2019). There the two layers' weights are
balanced; here weights have a scale a channel, so it is the activation's channels that gain. A relu6 stays where it is:
a channel is enlarged only as far as what calibration saw of it stays below the 6.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.operators.convolution import Convolution
from paddle_cortexm.compiler.operators.depthwise_convolution import DepthwiseConvolution
from paddle_cortexm.compiler.operators.weighted import Weighted
from paddle_cortexm.compiler.reference import run_float

LARGEST_FACTOR = 16.0
MARGIN = 1.5  # room above the largest value seen: calibration does not see the largest there is
SHARED = 0.25  # exponent where the next layer's weights have one scale for all input channels
BATCH = 16
Factors = NDArray[np.float64]


def equalise(graph: Graph, images: NDArray[np.float32]) -> tuple[Graph, list[str]]:
    """The float graph with equalised channels, and the tensors that were changed.

    images: (N, H, W, 3), normalised. Results stay the same for values as large as those seen.
    """
    pairs = equalisable_pairs(graph)
    largest = _channel_maxima(graph, images, [first.output for first, _ in pairs])
    layers = {layer.output: layer for layer in graph.layers}
    for first, second in pairs:
        exponent = 1.0 if isinstance(second.operator, DepthwiseConvolution) else SHARED
        factors = _factors(largest[first.output], exponent)
        layers[first.output] = _enlarged(layers[first.output], factors)
        layers[second.output] = _reduced(layers[second.output], factors)
    return replace(graph, layers=tuple(layers[layer.output] for layer in graph.layers)), [f.output for f, _ in pairs]


def equalisable_pairs(graph: Graph) -> list[tuple[Layer, Layer]]:
    """A convolution with relu, relu6 or no activation and its only reader, a depthwise convolution; or a depthwise one
    read by a convolution."""
    return [(layer, reader) for layer in graph.layers if (reader := _partner(graph, layer)) is not None]


def _partner(graph: Graph, layer: Layer) -> Layer | None:
    readers = list(graph.consumers(layer.output))
    if len(readers) != 1 or layer.output == graph.output or not isinstance(layer.operator, Weighted):
        return None
    kinds = (type(layer.operator), type(readers[0].operator))
    fits = kinds in ((Convolution, DepthwiseConvolution), (DepthwiseConvolution, Convolution))
    return readers[0] if fits and layer.operator.clamp[0] in (None, 0.0) else None


def _channel_maxima(graph: Graph, images: NDArray[np.float32], names: list[str]) -> Mapping[str, Factors]:
    """The largest magnitude of each channel of the named tensors."""
    maxima: dict[str, Factors] = {name: np.zeros(graph.tensors[name].shape[-1]) for name in names}
    for start in range(0, len(images), BATCH):
        tensors = run_float(graph, images[start : start + BATCH])
        for name in names:
            maxima[name] = np.maximum(maxima[name], np.abs(tensors[name]).max(axis=(0, 1, 2)))
    return maxima


def _factors(largest: Factors, exponent: float) -> Factors:
    """What each channel is multiplied by, at least 1; a channel that is always 0 stays as it is."""
    wanted = largest.max() / np.maximum(MARGIN * largest, 1e-12)
    wanted = np.where(largest > 0, np.clip(wanted, 1.0, LARGEST_FACTOR), 1.0)
    return wanted**exponent


def _enlarged(layer: Layer, factors: Factors) -> Layer:
    operator = layer.operator
    assert isinstance(operator, Convolution | DepthwiseConvolution)
    weight, bias = (
        (operator.weight * operator.by_channel(factors)).astype(np.float32),
        (operator.bias * factors).astype(np.float32),
    )
    return replace(layer, operator=operator.with_weights(weight, bias))


def _reduced(layer: Layer, factors: Factors) -> Layer:
    operator = layer.operator
    assert isinstance(operator, Convolution | DepthwiseConvolution)  # input channels are the last axis of both
    return replace(layer, operator=operator.with_weights((operator.weight / factors).astype(np.float32), operator.bias))
