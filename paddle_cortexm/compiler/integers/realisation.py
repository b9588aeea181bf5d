"""Integer realisation: a float layer graph and its ranges become the integer graph that is deployed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.graph import (
    Activation,
    Add,
    AveragePool,
    Convolution,
    DepthwiseConvolution,
    Dequantise,
    FullyConnected,
    Graph,
    Int8Array,
    IntegerAdd,
    IntegerAveragePool,
    IntegerConvolution,
    IntegerDepthwiseConvolution,
    IntegerFullyConnected,
    IntegerMaxPool,
    IntegerMultiply,
    Layer,
    MaxPool,
    Multiply,
    Operator,
    Quantise,
    Requantisation,
    Reshape,
    Softmax,
    Table,
)
from paddle_cortexm.compiler.integers.grids import Range, tensor_grids
from paddle_cortexm.compiler.operators.parts.fixed_point import fixed_point, fixed_points
from paddle_cortexm.compiler.tensor import Grid, Tensor
from paddle_cortexm.errors import UserError, nearest

ADD_LEFT_SHIFT = 20  # head room of CMSIS-NN's and TFLite's int8 add
BIAS_LIMIT = 1 << 29  # keeps bias plus any sum of products inside int32
Clamp = tuple[float | None, float | None]
WeightedOperator = Convolution | DepthwiseConvolution | FullyConnected


def quantise_graph(
    graph: Graph,
    ranges: Mapping[str, Range],
    input_range: Range,
    *,
    symmetric: bool = False,
    keep_float: Sequence[str] = (),
    weight_scales: Mapping[str, NDArray[np.float64]] | None = None,
) -> Graph:
    """The integer twin of a float graph, same tensor names.

    keep_float names layers that stay in float32, with conversions around them. weight_scales may give the per-channel
    scales of a layer's weights (by layer name); otherwise they are max|w| / 127. Raises UserError for a missing range,
    an unknown layer in keep_float, or an operator with no integer form.
    """
    check_names(graph, keep_float)
    grids = tensor_grids(graph, ranges, input_range, symmetric=symmetric)
    tensors = {n: replace(t, dtype="int8", grid=grids[n]) for n, t in graph.tensors.items()}
    layers: list[Layer] = []
    for layer in graph.layers:
        if layer.output in keep_float:
            layers += _float_layer(graph, layer, tensors)
        else:
            scales = (weight_scales or {}).get(layer.output)
            layers.append(replace(layer, operator=_integer_operator(layer, tensors, scales)))
    return _without_unused(Graph(graph.name, graph.input, graph.output, tuple(layers), tensors))


def without_softmax(graph: Graph) -> Graph:
    """The graph up to the logits: a closing softmax is left to the program, which prints the scores."""
    last = graph.layers[-1]
    if not isinstance(last.operator, Softmax):
        return graph
    return replace(graph, output=last.inputs[0]).with_layers(graph.layers[:-1])


def kept_layers(graph: Graph, names: Sequence[str]) -> tuple[str, ...]:
    """The layers that quantise.keep_float leaves in float32. A convolution and the activation that alone reads it are
    kept together, whichever is named: between them nothing is rounded then. "conv + hardswish", as reports print it,
    names both. Raises UserError for an unknown name."""
    named = [part for name in names for part in name.split(" + ")]
    check_names(graph, named)
    kept = set(named)
    for layer in graph.layers:
        readers = list(graph.consumers(layer.output))
        alone = len(readers) == 1 and layer.output != graph.output and isinstance(readers[0].operator, Activation)
        if alone and isinstance(layer.operator, WeightedOperator) and kept & {layer.output, readers[0].output}:
            kept |= {layer.output, readers[0].output}
    return tuple(layer.output for layer in graph.layers if layer.output in kept)


def check_names(graph: Graph, keep_float: Sequence[str]) -> None:
    """Raise UserError for a name in quantise.keep_float that is no layer of the graph."""
    known = [layer.output for layer in graph.layers]
    for name in keep_float:
        if name not in known:
            raise UserError(
                f"quantise.keep_float: no layer '{name}'{nearest(name, known)}. The layers: {', '.join(known)}"
            )


def _integer_operator(layer: Layer, tensors: Mapping[str, Tensor], scales: NDArray[np.float64] | None) -> Operator:
    """The integer form of one layer's operator."""
    inputs = [_grid(tensors[name]) for name in layer.inputs]
    output = _grid(tensors[layer.output])
    match layer.operator:
        case Convolution() | DepthwiseConvolution() | FullyConnected():
            return _weighted(layer.operator, inputs[0], output, scales)
        case Add(clamp=clamp):
            return integer_add(inputs[0], inputs[1], output, clamp)
        case Multiply():
            scale = np.array([inputs[0].scale * inputs[1].scale / output.scale])
            zero_points = (inputs[0].zero_point, inputs[1].zero_point)
            return IntegerMultiply(zero_points, _requantisation(scale, output))
        case AveragePool(window=window):
            return IntegerAveragePool(window)
        case MaxPool(window=window):
            return IntegerMaxPool(window)
        case Activation():
            return Table(activation_table(layer.operator, inputs[0], output))
        case Reshape():
            return layer.operator
    raise UserError(
        f"layer '{layer.output}': {type(layer.operator).__name__} has no int8 form. "
        f"Add the layer to quantise.keep_float to leave it in float32."
    )


def _weighted(operator: WeightedOperator, source: Grid, output: Grid, scales: NDArray[np.float64] | None) -> Operator:
    """A convolution, depthwise convolution or fully connected layer with per-channel weight scales."""
    weight, bias, scales = integer_weights(operator, source.scale, scales)
    requantisation = _requantisation(source.scale * scales / output.scale, output, operator.clamp)
    match operator:
        case Convolution(window=window):
            return IntegerConvolution(weight, bias, window, source.zero_point, requantisation)
        case DepthwiseConvolution(window=window):
            return IntegerDepthwiseConvolution(weight, bias, window, source.zero_point, requantisation)
    return IntegerFullyConnected(weight, bias, source.zero_point, requantisation)


def integer_weights(
    operator: WeightedOperator, source_scale: float, wanted: NDArray[np.float64] | None = None
) -> tuple[Int8Array, NDArray[np.int32], NDArray[np.float64]]:
    """int8 weights in the operator's own layout, int32 bias, and the scale of each output channel's weights.

    wanted: scales to use where the bias allows it; None: max|w| / 127 of each channel.
    """
    rows = weight_rows(operator).astype(np.float64)
    wanted = np.abs(rows).max(axis=1) / 127 if wanted is None else np.asarray(wanted, np.float64)
    scales = channel_scales(wanted, operator.bias, source_scale)
    steps = operator.weight / by_channel(operator, scales)
    weight = np.clip(np.round(steps), -127, 127).astype(np.int8)
    return weight, np.round(operator.bias / (scales * source_scale)).astype(np.int32), scales


def weight_rows(operator: WeightedOperator) -> NDArray[np.float32]:
    """The weights as (output channels, products of each)."""
    channel_axis = 2 if isinstance(operator, DepthwiseConvolution) else 0
    return np.moveaxis(operator.weight, channel_axis, 0).reshape(operator.bias.size, -1)


def by_channel(operator: WeightedOperator, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """One value an output channel, shaped to multiply the operator's weights."""
    if isinstance(operator, DepthwiseConvolution):
        return values
    return values.reshape(-1, *[1] * (operator.weight.ndim - 1))


def channel_scales(wanted: NDArray[np.float64], bias: NDArray[np.float32], source_scale: float) -> NDArray[np.float64]:
    """Per-channel weight scales: as wanted, larger where the bias would not fit into int32 otherwise.

    A channel without weights, whose wanted scale is 0, gets the scale its bias needs, at least 1e-8.
    """
    from_bias = np.abs(bias.astype(np.float64)) / (source_scale * BIAS_LIMIT)
    return np.maximum(np.maximum(wanted, from_bias), 1e-8)


def integer_add(a: Grid, b: Grid, output: Grid, clamp: Clamp = (None, None)) -> IntegerAdd:
    """The parameters of CMSIS-NN's and TFLite's int8 add: both inputs are brought to twice the larger scale."""
    twice_larger = 2 * max(a.scale, b.scale)
    scales = (a.scale / twice_larger, b.scale / twice_larger, twice_larger / ((1 << ADD_LEFT_SHIFT) * output.scale))
    pairs = [fixed_point(scale) for scale in scales]
    return IntegerAdd(
        (a.zero_point, b.zero_point),
        ADD_LEFT_SHIFT,
        (pairs[0][0], pairs[1][0], pairs[2][0]),
        (pairs[0][1], pairs[1][1], pairs[2][1]),
        output.zero_point,
        *_integer_clamp(clamp, output),
    )


def activation_values(operator: Activation, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """The activation in float64."""
    if operator.kind == "relu":
        return np.maximum(x, 0)
    if operator.kind == "relu6":
        return np.clip(x, 0, 6)
    if operator.kind == "hard_swish":
        return x * np.clip(x + 3, 0, 6) / 6
    return np.clip(operator.slope * x + operator.offset, 0, 1)


def activation_table(operator: Activation, source: Grid, output: Grid) -> Int8Array:
    """All 256 answers of an activation between two int8 tensors: entry q + 128 is the answer for q."""
    x = source.scale * (np.arange(-128, 128, dtype=np.float64) - source.zero_point)
    y = np.round(activation_values(operator, x) / output.scale) + output.zero_point
    return np.clip(y, -128, 127).astype(np.int8)


def _requantisation(scales: NDArray[np.float64], output: Grid, clamp: Clamp = (None, None)) -> Requantisation:
    return Requantisation(*fixed_points(scales), output.zero_point, *_integer_clamp(clamp, output))


def _integer_clamp(clamp: Clamp, output: Grid) -> tuple[int, int]:
    """The bounds of a fused relu or relu6 on the output's grid, inside int8."""

    def on_grid(bound: float) -> int:
        return int(max(-128, min(127, round(bound / output.scale) + output.zero_point)))

    low, high = clamp
    return -128 if low is None else on_grid(low), 127 if high is None else on_grid(high)


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
    made.append(Layer(layer.operator, tuple(f"{n}.float" for n in layer.inputs), result))
    made.append(Layer(Quantise(_grid(tensors[layer.output])), (result,), layer.output))
    return made


def _without_unused(graph: Graph) -> Graph:
    """Drop layers whose result nobody reads (a quantise between two float layers)."""
    needed, kept = {graph.output}, []
    for layer in reversed(graph.layers):
        if layer.output in needed:
            needed.update(layer.inputs)
            kept.append(layer)
    return graph.with_layers(tuple(reversed(kept)))


def _grid(tensor: Tensor) -> Grid:
    assert tensor.grid is not None, f"{tensor.name} has no quantisation"
    return tensor.grid
