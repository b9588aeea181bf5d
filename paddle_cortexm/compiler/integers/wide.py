"""Which tensors of a float graph may be int16, where int8 is too coarse.

Three kinds. Linear block outputs, made by convolutions without an activation and by the additions behind them: where a
few values are far from the rest, either the steps of int8 are wide or those values are cut. Results of depthwise
convolutions that only 1 x 1 convolutions read, for the same reason. And the logits, which only the program reads: in
int8 close classes become equal.

An addition is computed in one type, so the tensors that additions tie together are int16 together.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.layer_names import layer_title
from paddle_cortexm.compiler.operators.elementwise.add import Add
from paddle_cortexm.compiler.operators.movement.reshape import Reshape
from paddle_cortexm.compiler.operators.parts.clamp import OPEN
from paddle_cortexm.compiler.operators.parts.fixed_point import INT32_MAXIMUM
from paddle_cortexm.compiler.operators.weights.convolution import Convolution
from paddle_cortexm.compiler.operators.weights.depthwise_convolution import DepthwiseConvolution
from paddle_cortexm.compiler.operators.weights.fully_connected import FullyConnected
from paddle_cortexm.compiler.operators.weights.weighted import BIAS_LIMIT, LARGEST_WEIGHT
from paddle_cortexm.compiler.tensor import INT16_MAXIMUM
from paddle_cortexm.errors import UserError

LARGEST_SUM = (INT32_MAXIMUM - BIAS_LIMIT) // INT16_MAXIMUM  # of |weights|, in steps, whose products stay in int32
MAKERS = "a 1×1 convolution of stride 1 or an addition, without an activation, and a depthwise convolution"
Group = tuple[str, ...]


def wide_groups(graph: Graph) -> tuple[Group, ...]:
    """The tensors of a float graph that may be int16, in groups that have to be it together, in order of execution.
    The logits are the group that ends with `logits_of`."""
    return tuple(group for group in _tied_groups(graph) if all(_objection(graph, name) is None for name in group))


def logits_of(graph: Graph) -> str:
    """The tensor that the graph's output is, whatever its shape."""
    name = graph.output
    while (layer := graph.producer(name)) is not None and isinstance(layer.operator, Reshape):
        name = layer.inputs[0]
    return name


def check_wide(graph: Graph, wide: Collection[str]) -> None:
    """Raises UserError for a tensor that cannot be int16, and for a group of which only a part is."""
    unknown = sorted(set(wide) - {layer.output for layer in graph.layers})
    if unknown:
        raise UserError(f"ranges.json: 16 bits for {', '.join(unknown)}, which no layer of the graph makes.")
    for group in _tied_groups(graph):
        asked = [name for name in group if name in wide]
        if not asked:
            continue
        marked = f"ranges.json: 16 bits for {', '.join(asked)}"
        for name in group:
            objection = _objection(graph, name)
            if objection is not None:
                raise UserError(f"{marked}, but {objection}. Set bits to 8.")
        if len(asked) < len(group):
            raise UserError(f"{marked} alone. Additions tie {', '.join(group)}: give all of them 16 bits, or none.")


def check_sums(graph: Graph, layer: Layer, weight: NDArray[np.int8]) -> None:
    """Raises UserError where sums of products of int16 with these weights, output channels first, may leave 32 bits."""
    if np.abs(weight.astype(np.int64)).reshape(len(weight), -1).sum(axis=1).max() > LARGEST_SUM:
        raise UserError(
            f"layer '{layer_title(graph, layer)}' ({layer.output}): its weights are too large for sums of int16 in 32 "
            f"bits. Set the bits of {layer.inputs[0]} to 8 in ranges.json."
        )


def _tied_groups(graph: Graph) -> list[Group]:
    """Every tensor that a layer makes, with those that additions tie it to."""
    groups = [{layer.output} for layer in graph.layers]
    for layer in graph.layers:
        if isinstance(layer.operator, Add):
            tied = {layer.output, *layer.inputs}
            together = set[str]().union(*(group for group in groups if group & tied))
            groups = [group for group in groups if not group & tied] + [together]
    order = {layer.output: number for number, layer in enumerate(graph.layers)}
    return sorted((tuple(sorted(g, key=order.__getitem__)) for g in groups), key=lambda g: order[g[0]])


def _objection(graph: Graph, name: str) -> str | None:
    """Why a layer's tensor cannot be int16, None where it can."""
    layer = graph.producer(name)
    assert layer is not None
    is_logits, made = name == logits_of(graph), f"'{layer_title(graph, layer)}' ({name})"
    if not (_makes_wide(layer) or (is_logits and isinstance(layer.operator, FullyConnected))):
        return f"{made} cannot make int16: only {MAKERS} can, and a fully connected layer that makes the logits"
    if isinstance(layer.operator, Convolution | FullyConnected | Add) and layer.operator.clamp != OPEN:
        return f"{made} has an activation: only {MAKERS} can make int16"
    if graph.input in layer.inputs and isinstance(layer.operator, Add):
        return f"{made} adds the image, which is int8"
    if isinstance(layer.operator, Add) and len({tensor.shape for tensor in graph.inputs_of(layer)}) > 1:
        return f"{made} adds tensors of different shapes, which only int8 has a kernel for"
    for reader in graph.consumers(name):
        if not (_reads_wide(reader) or (is_logits and isinstance(reader.operator, Reshape))):
            return (
                f"'{layer_title(graph, reader)}' ({reader.output}) reads {name} and cannot read int16: only additions "
                f"can, and 1×1 convolutions of stride 1 whose weights are small or few enough for sums in 32 bits"
            )
    return None


def _is_pointwise(layer: Layer) -> bool:
    return isinstance(layer.operator, Convolution) and layer.operator.is_matrix_product


def _makes_wide(layer: Layer) -> bool:
    return _is_pointwise(layer) or isinstance(layer.operator, Add | DepthwiseConvolution)


def _reads_wide(layer: Layer) -> bool:
    """Whether the layer's sums of products of int16 stay in 32 bits."""
    if isinstance(layer.operator, Convolution):
        return _is_pointwise(layer) and _largest_weight_sum(layer.operator) <= LARGEST_SUM
    return isinstance(layer.operator, Add)


def _largest_weight_sum(operator: Convolution) -> float:
    """The largest sum of the |weights| of an output channel, in steps of int8, each rounded away from zero."""
    rows = np.abs(operator.weight_rows().astype(np.float64))
    steps = LARGEST_WEIGHT * rows / np.maximum(rows.max(axis=1, keepdims=True), np.finfo(np.float64).tiny)
    return float(np.minimum(np.ceil(steps), LARGEST_WEIGHT).sum(axis=1).max())
