"""The order of a tensor's channels is free where its readers can take them in any: a shuffle is moved into weights.

A concat or select that takes channels one by one takes them in runs instead, in the order in which they stand; who
reads the result has its weights in that order, or hands the order on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.operators.elementwise.activation import Activation
from paddle_cortexm.compiler.operators.movement.concat import Concat, runs_of
from paddle_cortexm.compiler.operators.movement.crop import Crop
from paddle_cortexm.compiler.operators.pools.average_pool import AveragePool
from paddle_cortexm.compiler.operators.pools.max_pool import MaxPool
from paddle_cortexm.compiler.operators.weights.convolution import Convolution
from paddle_cortexm.compiler.operators.weights.depthwise_convolution import DepthwiseConvolution
from paddle_cortexm.compiler.operators.weights.fully_connected import FullyConnected

Order = NDArray[np.int64]  # which of the channels, as they stood, comes first, second, ...
HANDING_ON = Activation, AveragePool, MaxPool, Crop, DepthwiseConvolution  # channel by channel


def order_channels(graph: Graph) -> Graph:
    """The graph in which concats take as few runs as their readers' weights make possible."""
    if not any(isinstance(layer.operator, Concat) for layer in graph.layers):
        return graph
    return min((_ordered(graph, by_destiny=by_destiny) for by_destiny in (False, True)), key=_count_runs)


def _count_runs(graph: Graph) -> int:
    return sum(len(layer.operator.runs) for layer in graph.layers if isinstance(layer.operator, Concat))


def _ordered(graph: Graph, *, by_destiny: bool) -> Graph:
    """The graph with the channels of every concat as they stand in what they are taken from. by_destiny: those first
    that are needed first, convolutions' results as well."""
    destinies: dict[str, list[int]] = {}  # of the graph as it is now, once they are asked for
    for name in [layer.output for layer in graph.layers]:
        layer = graph.producer(name)
        assert layer is not None
        operator = layer.operator
        is_dense = isinstance(operator, Convolution) and operator.groups == 1
        if not (isinstance(operator, Concat) or (by_destiny and is_dense)):
            continue
        assert isinstance(operator, Concat | Convolution)
        taken = _taken(operator)
        if by_destiny:
            destinies = destinies or _destinies(graph)
        order = _order(taken, destinies[name] if by_destiny else [0] * len(taken))
        changed: dict[str, Layer] = {}
        if (np.diff(order) != 1).any() and _take_in_order(graph, name, order, changed):
            changed[name] = replace(layer, operator=_making(operator, order))
            graph = graph.with_layers(tuple(changed.get(x.output, x) for x in graph.layers))
            destinies = {}
    return graph


def _order(taken: Sequence[tuple[int, int]], destinies: Sequence[int]) -> Order:
    """By destiny, then as they stand in what they are taken from."""
    layers = {destiny: _numbers(destiny) for destiny in set(destinies)}
    return np.array(sorted(range(len(taken)), key=lambda i: (layers[destinies[i]], taken[i])))


def _numbers(destiny: int) -> tuple[int, ...]:
    """The layers that a destiny says, in order."""
    return tuple(number for number in range(destiny.bit_length()) if destiny >> number & 1)


def _taken(operator: Concat | Convolution) -> Sequence[tuple[int, int]]:
    """Where each channel of the result comes from: (input, channel), or its own number."""
    if isinstance(operator, Concat):
        return operator.channels
    return [(0, channel) for channel in range(len(operator.weight))]


def _making(operator: Concat | Convolution, order: Order) -> Concat | Convolution:
    """The operator with its result's channels in another order."""
    if isinstance(operator, Concat):
        return Concat(runs_of([operator.channels[i] for i in order]))
    return operator.with_weights(operator.weight[order], operator.bias[order])


def _destinies(graph: Graph) -> dict[str, list[int]]:
    """For each channel of each tensor the layers that read it in the end, through concats and through layers that hand
    channels on: bit n for layer n."""
    found = {name: [0] * tensor.shape[-1] for name, tensor in graph.tensors.items()}
    for number, layer in reversed(list(enumerate(graph.layers))):
        made = found[layer.output]
        if isinstance(layer.operator, Concat):
            for destiny, (source, channel) in zip(made, layer.operator.channels, strict=True):
                found[layer.inputs[source]][channel] |= destiny
        elif isinstance(layer.operator, HANDING_ON):
            before = found[layer.inputs[0]]
            found[layer.inputs[0]] = [own | destiny for own, destiny in zip(before, made, strict=True)]
        else:
            for name in layer.inputs:
                found[name] = [destiny | 1 << number for destiny in found[name]]
    return found


def _take_in_order(graph: Graph, name: str, order: Order, changed: dict[str, Layer]) -> bool:
    """Whether all that reads a tensor can take its channels in another order; these layers are put into `changed`, by
    their results."""
    for reader in graph.consumers(name):
        operator = _reading(changed.get(reader.output, reader), name, order)
        if operator is None:
            return False
        changed[reader.output] = replace(reader, operator=operator)
        if isinstance(operator, HANDING_ON) and not _take_in_order(graph, reader.output, order, changed):
            return False
    return name != graph.output


def _reading(reader: Layer, name: str, order: Order) -> Any:
    """The operator of a layer whose input `name` has its channels in that order; None where there is none."""
    operator = reader.operator
    match operator:
        case Activation() | AveragePool() | MaxPool() | Crop():
            return operator
        case Convolution(groups=1):
            return operator.with_weights(np.ascontiguousarray(operator.weight[..., order]), operator.bias)
        case DepthwiseConvolution():
            weight = np.ascontiguousarray(operator.weight[..., order])
            return operator.with_weights(weight, operator.bias[order])
        case FullyConnected():
            pixels = operator.weight.reshape(len(operator.weight), -1, len(order))
            weight = np.ascontiguousarray(pixels[..., order]).reshape(operator.weight.shape)
            return operator.with_weights(weight, operator.bias)
        case Concat():
            place, number = np.argsort(order), reader.inputs.index(name)
            return Concat(runs_of([(i, int(place[c]) if i == number else c) for i, c in operator.channels]))
    return None
