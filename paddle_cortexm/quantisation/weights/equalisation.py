"""Equalisation: the channels of what a depthwise convolution reads are brought to like sizes, so that all of them use
the int8 grid.

A depthwise convolution has weights and a scale of its own for each channel, and so has the convolution that makes its
input. What a channel is multiplied by in the one, the other divides by: neither's int8 weights change, and the
tensor's channels get a grid each for nothing. Between other layers it is not free, as a convolution has one scale for
the weights of all its input channels; what that costs was more than it gave on every network that was tried. Source:
Nagel et al., Data-Free Quantization Through Weight Equalization and Bias Correction (2019); there the two layers'
weights are balanced, which scales a channel make unnecessary.

A relu6 stays where it is: the largest channel keeps its size, so the others' largest values stay below the 6 as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.operators.convolution import Convolution
from paddle_cortexm.compiler.operators.depthwise_convolution import DepthwiseConvolution
from paddle_cortexm.quantisation.networks.paddle_graph import PaddleGraph

LARGEST_FACTOR = 32.0  # calibration may hardly have seen a channel that is small in it
Factors = NDArray[np.float64]


def equalise(graph: Graph, images: NDArray[np.float32]) -> tuple[Graph, list[str]]:
    """The float graph with equalised channels, and the tensors that were changed.

    images: (N, H, W, 3), normalised. Results stay the same for values as large as those seen.
    """
    pairs = equalisable_pairs(graph)
    largest = _channel_maxima(graph, images, [first.output for first, _ in pairs])
    changed: dict[str, Layer] = {}
    for first, second in pairs:
        factors = _factors(largest[first.output])
        changed[first.output] = _enlarged(first, factors)
        changed[second.output] = _reduced(second, factors)
    layers = tuple(changed.get(layer.output, layer) for layer in graph.layers)
    return replace(graph, layers=layers), [first.output for first, _ in pairs]


def equalisable_pairs(graph: Graph) -> list[tuple[Layer, Layer]]:
    """A convolution with relu, relu6 or no activation, and its only reader, a depthwise convolution."""
    return [(layer, reader) for layer in graph.layers if (reader := _depthwise_reader(graph, layer)) is not None]


def _depthwise_reader(graph: Graph, layer: Layer) -> Layer | None:
    readers = list(graph.consumers(layer.output))
    if len(readers) != 1 or layer.output == graph.output or not isinstance(layer.operator, Convolution):
        return None
    fits = isinstance(readers[0].operator, DepthwiseConvolution) and layer.operator.clamp[0] in (None, 0.0)
    return readers[0] if fits else None


def _channel_maxima(graph: Graph, images: NDArray[np.float32], names: list[str]) -> Mapping[str, Factors]:
    """The largest magnitude of each channel of the named tensors."""
    maxima: dict[str, Factors] = {name: np.zeros(graph.tensors[name].shape[-1]) for name in names}
    for tensors in PaddleGraph(graph).batches(images) if names else ():
        for name in names:
            maxima[name] = np.maximum(maxima[name], tensors[name].abs().amax([0, 2, 3]).numpy())
    return maxima


def _factors(largest: Factors) -> Factors:
    """What each channel is multiplied by, at least 1; a channel that is always 0 stays as it is."""
    wanted = largest.max() / np.maximum(largest, 1e-12)
    return np.where(largest > 0, np.clip(wanted, 1.0, LARGEST_FACTOR), 1.0)


def _enlarged(layer: Layer, factors: Factors) -> Layer:
    operator = layer.operator
    assert isinstance(operator, Convolution)
    weight = (operator.weight * operator.by_channel(factors)).astype(np.float32)
    return replace(layer, operator=operator.with_weights(weight, (operator.bias * factors).astype(np.float32)))


def _reduced(layer: Layer, factors: Factors) -> Layer:
    operator = layer.operator
    assert isinstance(operator, DepthwiseConvolution)
    weight = (operator.weight / operator.by_channel(factors)).astype(np.float32)
    return replace(layer, operator=operator.with_weights(weight, operator.bias))
