"""Plan-level fusion: a table (floats: an activation) or a residual add moves into the epilogue of the convolution
before it.

The results are the same bits: each step is from elements to elements of one type. What is saved is one pass over the
tensor and its memory.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.operators.elementwise.activation import Activation, Table
from paddle_cortexm.compiler.operators.elementwise.add import Add, IntegerAdd
from paddle_cortexm.compiler.operators.weights.weighted import IntegerWeighted, Weighted

Accepts = Callable[[Graph, Layer, Layer], bool]  # graph, convolution alone, convolution with the epilogue


def fuse_epilogues(graph: Graph, accepts: Accepts) -> Graph:
    """Fuse every table, activation and residual add behind a convolution for which `accepts` says yes."""
    for layer in graph.layers:
        if not isinstance(layer.operator, Table | IntegerAdd | Activation | Add):
            continue
        if len({tensor.shape for tensor in graph.inputs_of(layer)}) > 1:  # an epilogue does not broadcast
            continue
        for producer in _candidates(graph, layer):
            fused = _fused(producer, layer)
            if fused is not None and accepts(graph, producer, fused):
                others = (fused if x is layer else x for x in graph.layers if x is not producer)
                graph = graph.with_layers(tuple(others))
                break
    return graph


def _candidates(graph: Graph, layer: Layer) -> list[Layer]:
    """Producers of the layer's inputs that may wait until the layer's place, the latest first."""
    producers = [p for name in layer.inputs if (p := graph.producer(name)) is not None]
    alone = [p for p in producers if len(list(graph.consumers(p.output))) == 1 and p.output != graph.output]
    order = {x.output: i for i, x in enumerate(graph.layers)}
    weighted = (p for p in alone if isinstance(p.operator, IntegerWeighted | Weighted))
    return sorted(weighted, key=lambda p: -order[p.output])


def _fused(producer: Layer, follower: Layer) -> Layer | None:
    """Producer and follower as one layer, or None when the epilogue has no place for it."""
    operator = producer.operator
    if isinstance(operator, Weighted):
        return _fused_floats(producer, operator, follower)
    assert isinstance(operator, IntegerWeighted)
    if isinstance(follower.operator, Table):
        if operator.epilogue.table is not None or operator.epilogue.add is not None:
            return None
        epilogue = replace(operator.epilogue, table=follower.operator)
        inputs = producer.inputs
    elif isinstance(follower.operator, IntegerAdd):
        if operator.epilogue.add is not None or follower.inputs[0] == follower.inputs[1]:
            return None
        own_is_first = follower.inputs[0] == producer.output
        add = follower.operator if own_is_first else follower.operator.swapped()
        epilogue = replace(operator.epilogue, add=add)
        inputs = (*producer.inputs, _residual(producer, follower))
    else:
        return None
    return Layer(replace(operator, epilogue=epilogue), inputs, follower.output, producer.parameter)


def _fused_floats(producer: Layer, operator: Weighted, follower: Layer) -> Layer | None:
    """_fused for a float convolution: the activation first, then the residual; a float sum is commutative."""
    if operator.epilogue.add is not None:
        return None
    if isinstance(follower.operator, Activation):
        if operator.epilogue.activation is not None:
            return None
        epilogue, inputs = replace(operator.epilogue, activation=follower.operator), producer.inputs
    elif isinstance(follower.operator, Add) and follower.inputs[0] != follower.inputs[1]:
        epilogue = replace(operator.epilogue, add=follower.operator)
        inputs = (*producer.inputs, _residual(producer, follower))
    else:
        return None
    return Layer(replace(operator, epilogue=epilogue), inputs, follower.output, producer.parameter)


def _residual(producer: Layer, follower: Layer) -> str:
    """The sum's input that is not the producer's output."""
    first, second = follower.inputs
    return second if first == producer.output else first
