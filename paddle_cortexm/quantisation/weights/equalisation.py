"""Equalisation: the channels of what a depthwise convolution reads are brought to like sizes, so that all of them use
the int8 grid.

A depthwise convolution has weights and a scale of its own for each channel, and so has the convolution that makes its
input. What a channel is multiplied by in the one, the other divides by: neither's int8 weights change, and the
tensor's channels get a grid each for nothing. Between other layers it is not free, as a convolution has one scale for
the weights of all its input channels; what that costs was more than it gave on every network that was tried. Source:
Nagel et al., Data-Free Quantization Through Weight Equalization and Bias Correction (2019); there the two layers'
weights are balanced, which scales a channel make unnecessary.

A relu6 stays where it is: the largest channel keeps its size, and the others' largest values are brought to no more
than two thirds of the 6, as other images will have larger ones.

That is what goes wrong otherwise: every channel's size is that of the image with the largest value in it, so no
calibration image saturates, but nine of ten others do in one of MobileNetV2's 960 channels. It is the largest noise of
all there, and calibration sees none of it. So each image is told how far the others alone reach.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.operators.weights.convolution import Convolution
from paddle_cortexm.compiler.operators.weights.depthwise_convolution import DepthwiseConvolution
from paddle_cortexm.quantisation.networks.paddle_graph import PaddleGraph

LARGEST_FACTOR = 32.0  # calibration may hardly have seen a channel that is small in it
ROOM = 1.5  # for larger values than those seen, in relation to these
Factors = NDArray[np.float64]


@dataclass(frozen=True)
class Equalised:
    """graph: the float graph with equalised channels.

    reach: by tensor that was changed, (images, channels): how far a channel's range would go had this image not been
    seen, in relation to how far it goes. 1 but for the image with the largest value, and where the range is not the
    channel's own.
    """

    graph: Graph
    reach: Mapping[str, Factors]


def equalise(graph: Graph, images: NDArray[np.float32]) -> Equalised:
    """Bring the channels of what depthwise convolutions read to like sizes.

    images: (N, H, W, 3), normalised. Results stay the same for values up to one and a half times those seen.
    """
    pairs = equalisable_pairs(graph)
    maxima = _channel_maxima(graph, images, [first.output for first, _ in pairs])
    changed: dict[str, Layer] = {}
    reach: dict[str, Factors] = {}
    for first, second in pairs:
        factors = _factors(first, maxima[first.output].max(axis=0))
        changed[first.output] = _enlarged(first, factors)
        changed[second.output] = _reduced(second, factors)
        reach[first.output] = _reach(maxima[first.output], factors)
    return Equalised(replace(graph, layers=tuple(changed.get(layer.output, layer) for layer in graph.layers)), reach)


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
    """The largest magnitude of each channel of the named tensors in each image: (images, channels)."""
    maxima: dict[str, list[Factors]] = {name: [] for name in names}
    for tensors in PaddleGraph(graph).batches(images) if names else ():
        for name in names:
            maxima[name].append(tensors[name].abs().amax([2, 3]).numpy().astype(np.float64))
    return {name: np.concatenate(batches) for name, batches in maxima.items()}


def _factors(layer: Layer, largest: Factors) -> Factors:
    """What each channel of the layer's result is multiplied by, at least 1; a channel that is always 0 stays as it
    is."""
    assert isinstance(layer.operator, Convolution)
    end = layer.operator.clamp[1]
    level = largest.max() if end is None else min(largest.max(), end / ROOM)
    wanted = level / np.maximum(largest, 1e-12)
    return np.where(largest > 0, np.clip(wanted, 1.0, LARGEST_FACTOR), 1.0)


def _reach(maxima: Factors, factors: Factors) -> Factors:
    """Equalised.reach of one tensor. A channel with the smallest or the largest factor has no range of its own."""
    reach = np.ones_like(maxima)
    if len(maxima) > 1:
        second, largest = np.sort(maxima, axis=0)[-2:]
        has_own = (factors > 1) & (factors < LARGEST_FACTOR)
        without = np.where(has_own, second / np.maximum(largest, 1e-12), 1.0)
        reach[maxima.argmax(axis=0), np.arange(len(factors))] = without
    return reach


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
