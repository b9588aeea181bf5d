"""A convolution whose result is split, as several: nothing is computed that nobody reads, and nothing is moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.operators.elementwise.activation import Activation
from paddle_cortexm.compiler.operators.movement.concat import Concat
from paddle_cortexm.compiler.operators.weights.convolution import Convolution
from paddle_cortexm.compiler.operators.weights.depthwise_convolution import DepthwiseConvolution


def narrow_convolutions(graph: Graph) -> Graph:
    """The graph in which every part of a split convolution (its activation and a depthwise convolution behind it
    included) is made by convolutions of that part alone."""
    for layer in graph.layers:
        selects = [x for x in graph.consumers(layer.output) if isinstance(x.operator, Concat)]
        if selects and _are_disjoint_parts(graph, layer.output, selects):
            parts = {x.output: _narrowed(graph, layer.output, x) for x in selects}
            if all(parts.values()):
                graph = _with_parts(graph, layer.output, {name: part for name, part in parts.items() if part})
    return graph


def _are_disjoint_parts(graph: Graph, name: str, selects: Sequence[Layer]) -> bool:
    """Whether the selects are all that reads the tensor, and no channel is read twice."""
    if name == graph.output or len(selects) != len(list(graph.consumers(name))):
        return False
    taken = [channel for x in selects for channel in x.operator.channels]  # type: ignore[attr-defined]
    return all(len(x.inputs) == 1 for x in selects) and len(set(taken)) == len(taken)


def _narrowed(graph: Graph, name: str, select: Layer) -> list[Layer] | None:
    """The layers that make only the channels of the select, in order; None where that takes more than one reader's
    weights. The last one makes the select's tensor."""
    assert isinstance(select.operator, Concat)
    channels = [channel for _, channel in select.operator.channels]
    made, output, found = graph.producer(name), select.output, list[Layer]()
    while made is not None:
        operator = made.operator
        if isinstance(operator, Convolution) and operator.groups == 1:
            weights = operator.with_weights(operator.weight[channels], operator.bias[channels])
            return [replace(made, operator=weights, output=output), *found]
        inner = f"{select.output}.{made.inputs[0]}"
        if isinstance(operator, DepthwiseConvolution):
            part = operator.with_weights(np.ascontiguousarray(operator.weight[..., channels]), operator.bias[channels])
            found.insert(0, replace(made, operator=part, inputs=(inner,), output=output))
        elif isinstance(operator, Activation):
            found.insert(0, replace(made, inputs=(inner,), output=output))
        else:
            return None
        if len(list(graph.consumers(made.inputs[0]))) != 1:
            return None
        made, output = graph.producer(made.inputs[0]), inner
    return None


def _with_parts(graph: Graph, name: str, parts: dict[str, list[Layer]]) -> Graph:
    """The graph with each select replaced by the layers of its part, and without what they replace."""
    gone = {name}
    while not isinstance((made := graph.producer(name)).operator, Convolution):  # type: ignore[union-attr]
        name = made.inputs[0]  # type: ignore[union-attr]
        gone.add(name)
    layers: list[Layer] = []
    tensors = dict(graph.tensors)
    for layer in graph.layers:
        if layer.output in parts:
            layers += parts[layer.output]
        elif layer.output not in gone:
            layers.append(layer)
    for made in (x for part in parts.values() for x in part):
        shape = made.operator.output_shape([tensors[made.inputs[0]].shape])
        tensors[made.output] = replace(tensors[next(iter(parts))], name=made.output, shape=shape)
    return replace(graph, tensors=tensors).with_layers(tuple(layers))
