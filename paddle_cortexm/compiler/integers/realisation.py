"""Integer realisation: a float layer graph and its ranges become the integer graph that is deployed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.integers.grids import tensor_grids
from paddle_cortexm.compiler.integers.wide import check_sums
from paddle_cortexm.compiler.layer_names import find_layer, layer_title
from paddle_cortexm.compiler.operators.elementwise.activation import Activation
from paddle_cortexm.compiler.operators.elementwise.conversion import Dequantise, Quantise
from paddle_cortexm.compiler.operators.parts.activation_kinds import SIGMOID
from paddle_cortexm.compiler.operators.parts.base import FloatOperator, Operator
from paddle_cortexm.compiler.operators.tokens.softmax import Softmax
from paddle_cortexm.compiler.operators.weights.weighted import IntegerWeighted, Weighted
from paddle_cortexm.compiler.tensor import Grid, Range, Tensor
from paddle_cortexm.errors import UserError


def quantise_graph(
    graph: Graph,
    ranges: Mapping[str, Range],
    input_range: Range,
    *,
    symmetric: bool = False,
    keep_float: Sequence[str] = (),
    weight_scales: Mapping[str, NDArray[np.float64]] | None = None,
    wide: Collection[str] = (),
) -> Graph:
    """The integer twin of a float graph, same tensor names. wide: the tensors that are int16; the others are int8.

    keep_float names layers, by any of their names, that stay in float32, with conversions around them. weight_scales
    may give the per-channel scales of a layer's weights (by tensor name); otherwise they are max|w| / 127. Raises
    UserError for a missing range, an unknown layer in keep_float, an operator with no integer form, or a tensor that
    cannot be int16.
    """
    kept = {find_layer(graph, name, "quantise.keep_float").output for name in keep_float}
    grids = tensor_grids(graph, ranges, input_range, symmetric=symmetric, wide=wide)
    tensors = {n: replace(t, dtype=grids[n].dtype, grid=grids[n]) for n, t in graph.tensors.items()}
    layers: list[Layer] = []
    for layer in graph.layers:
        if layer.output in kept:
            layers += _float_layer(graph, layer, tensors)
        else:
            scales = (weight_scales or {}).get(layer.output)
            layers.append(replace(layer, operator=_integer_operator(graph, layer, tensors, scales)))
    realised = Graph(graph.name, graph.input, graph.output, tuple(layers), tensors)
    return realised.without_unread()  # a quantise between two float layers


def up_to_logits(graph: Graph, *, keep_sigmoid: bool = False) -> Graph:
    """The graph up to the logits: a closing softmax or sigmoid is left to the program, which prints the scores.
    keep_sigmoid: where what it gives is a value that is wanted as it is."""
    last = graph.layers[-1]
    is_sigmoid = isinstance(last.operator, Activation) and last.operator.kind == SIGMOID
    if not isinstance(last.operator, Softmax) and (keep_sigmoid or not is_sigmoid):
        return graph
    return replace(graph, output=last.inputs[0]).with_layers(graph.layers[:-1])


def kept_layers(graph: Graph, names: Sequence[str]) -> tuple[str, ...]:
    """The layers that quantise.keep_float leaves in float32. A convolution and the activation that alone reads it are
    kept together, whichever is named: between them nothing is rounded then. A name is any of a layer's
    (compiler/layer_names.py). Raises UserError for an unknown one."""
    kept = {find_layer(graph, name, "quantise.keep_float").output for name in names}
    for layer in graph.layers:
        readers = list(graph.consumers(layer.output))
        alone = len(readers) == 1 and layer.output != graph.output and isinstance(readers[0].operator, Activation)
        if alone and isinstance(layer.operator, Weighted) and kept & {layer.output, readers[0].output}:
            kept |= {layer.output, readers[0].output}
    return tuple(layer.output for layer in graph.layers if layer.output in kept)


def without_integers(graph: Graph, kept: Collection[str] = ()) -> tuple[str, ...]:
    """The layers of a float graph that have no integer form, a line each. kept: outputs of layers that stay floats."""
    grid = Grid(1 / 128, 0)  # any
    return tuple(
        f"layer '{layer_title(graph, layer)}' ({layer.output}): {layer.operator.title} has no int8 form"
        for layer in graph.layers
        if layer.output not in kept
        and isinstance(layer.operator, FloatOperator)
        and layer.operator.integer([grid] * len(layer.inputs), grid) is None
    )


def _integer_operator(
    graph: Graph, layer: Layer, tensors: Mapping[str, Tensor], scales: NDArray[np.float64] | None
) -> Operator:
    """The integer twin of one layer's operator."""
    operator = layer.operator
    assert isinstance(operator, FloatOperator)
    twin = operator.integer([_grid(tensors[name]) for name in layer.inputs], _grid(tensors[layer.output]), scales)
    if twin is None:
        raise UserError(
            f"layer '{layer_title(graph, layer)}' ({layer.output}): {operator.title} has no int8 form. "
            f"Add the layer to quantise.keep_float to leave it in float32."
        )
    if isinstance(twin, IntegerWeighted) and _grid(tensors[layer.inputs[0]]).dtype == "int16":
        check_sums(graph, layer, twin.weight)
    return twin


def _float_layer(graph: Graph, layer: Layer, tensors: dict[str, Tensor]) -> list[Layer]:
    """The layer in float32 with the conversions around it; the float copy of a tensor is named NAME.float."""
    made: list[Layer] = []
    for name in layer.inputs:
        copy = f"{name}.float"
        if copy not in tensors:
            tensors[copy] = replace(graph.tensors[name], name=copy)
            made.append(Layer(Dequantise(_grid(tensors[name])), (name,), copy))
    result = f"{layer.output}.float"
    tensors[result] = replace(graph.tensors[layer.output], name=result)
    inputs = tuple(f"{name}.float" for name in layer.inputs)
    made.append(Layer(layer.operator, inputs, result, layer.parameter))
    made.append(Layer(Quantise(_grid(tensors[layer.output])), (result,), layer.output))
    return made


def _grid(tensor: Tensor) -> Grid:
    assert tensor.grid is not None, f"{tensor.name} has no quantisation"
    return tensor.grid
