"""Convolutions and fully connected layers of floats: app/runtime/helium/conv2d_f32.c and conv2d_f16.c."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.backends.helium.floats.curves import curve_of, with_curve
from paddle_cortexm.compiler.backends.helium.floats.packing import (
    activation_fields,
    packed_bias,
    packed_matrix,
    sum_fields,
    weighted_rejection,
)
from paddle_cortexm.compiler.backends.helium.floats.sums import with_sum
from paddle_cortexm.compiler.backends.helium.parts.float_type import FLOAT_TYPES, FloatType, float_type
from paddle_cortexm.compiler.backends.helium.parts.packs import MOST_ROWS, Packing, Packs, packs_of
from paddle_cortexm.compiler.backends.helium.parts.structs import declaration, window_fields
from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.kernels.kernel import Constant, Kernel, Rejection
from paddle_cortexm.compiler.operators.weights.convolution import Convolution
from paddle_cortexm.compiler.operators.weights.fully_connected import FullyConnected

# Instructions for each value of the depth and output pixel: of a run of whole vectors, and of a single vector.
BLOCK_COSTS = {"float32": (1.5, 2.5), "float16": (3.6, 3.4)}


def select(graph: Graph, layer: Layer) -> Kernel | Rejection:
    """The kernel of a Convolution or FullyConnected."""
    operator = layer.operator
    rejection = weighted_rejection(graph, layer)
    if rejection is not None:
        return rejection
    assert isinstance(operator, Convolution | FullyConnected)
    if isinstance(operator, FullyConnected):
        kernel = _pointwise(graph, layer, operator, 1, 1)
    elif operator.is_matrix_product:
        _, height, width, _ = graph.output_of(layer).shape
        kernel = _pointwise(graph, layer, operator, height, width)
    elif operator.window.extent[0] > MOST_ROWS:
        return Rejection(f"a window of more than {MOST_ROWS} rows")
    else:
        kernel = _convolution(graph, layer, operator)
    end, result = operator.epilogue, graph.output_of(layer)
    kernel = with_curve(kernel, end.activation, float_type(result), result)
    return kernel if end.add is None or _adds(operator) else with_sum(kernel, end.add, float_type(result), result)


def _adds(operator: Convolution | FullyConnected) -> bool:
    """Whether the kernel itself adds the residual: there is one, and no curve in front of it."""
    return operator.epilogue.add is not None and curve_of(operator.epilogue.activation) is None


def _pointwise(graph: Graph, layer: Layer, operator: Convolution | FullyConnected, height: int, width: int) -> Kernel:
    """The call over height x width pixels; a row is the same call over width pixels."""
    kind = float_type(graph.output_of(layer))
    matrix = declaration("helium_float_matrix_t", "matrix", _matrix_fields(operator, operator.weight[0].size))
    added = _adds(operator)

    def call(source: str, pixels: int, residual: str) -> str:
        arguments = f"&matrix, {source}, output, {pixels}, {residual if added else 'NULL'}"
        return f"{matrix}    helium_pointwise_{kind.suffix}({arguments});\n"

    return Kernel(
        name=f"helium_pointwise_{kind.suffix}",
        backend="helium",
        reason="fully connected" if isinstance(operator, FullyConnected) else "1x1 convolution",
        body=call("input0", height * width, "input1"),
        constants=_constants(kind, operator, operator.weight.reshape(len(operator.weight), -1)),
        header=kind.header,
        assertions=kind.assertions,
        sources=(kind.source("conv2d"),),
        row_body=call("rows[0]", width, "residual"),
        pixels_at_once=FLOAT_TYPES["float16"].pixels if isinstance(operator, Convolution) else 1,
    )


def _convolution(graph: Graph, layer: Layer, operator: Convolution) -> Kernel:
    """The general kernel. The whole layer's scratch also holds one input row of zeros."""
    kind = float_type(graph.output_of(layer))
    source, result = graph.inputs_of(layer)[0], graph.output_of(layer)
    _, _, input_width, input_channels = source.shape
    packs = packs_of(operator, source.shape, result.shape, _packing(kind))
    weight = packs.weight(operator)
    fields = {"matrix": _matrix_fields(operator, weight.shape[1]), "input_channels": input_channels}
    fields |= window_fields(source, result, operator.window) | packs.fields | {"column": packs.column}
    convolution = declaration("helium_float_conv2d_t", "convolution", fields)
    added = _adds(operator)
    whole = f"helium_conv2d_{kind.suffix}(&convolution, input0, output, scratch, {'input1' if added else 'NULL'});"
    row = f"helium_conv2d_row_{kind.suffix}(&convolution, rows, output, scratch, {'residual' if added else 'NULL'});"
    strip_bytes = packs.strip * kind.bytes
    return Kernel(
        name=f"helium_conv2d_{kind.suffix}",
        backend="helium",
        reason="columns of a few pixels, then as a 1x1 convolution" + _groups_reason(operator, packs),
        body=f"{convolution}    {whole}\n",
        constants=_constants(kind, operator, weight, packs.count),
        scratch_bytes=strip_bytes + input_width * input_channels * kind.bytes,
        header=kind.header,
        assertions=(
            *kind.assertions,
            *packs.assertions(operator.window),
            f"HELIUM_CONV2D_FLOAT_ROWS == {MOST_ROWS}",
        ),
        sources=(kind.source("conv2d"),),
        row_body=f"{convolution}    {row}\n",
        row_scratch_bytes=strip_bytes,
    )


def _packing(kind: FloatType) -> Packing:
    """float16 pixels have to be a multiple of 4 bytes apart."""

    def column_multiple(step: int) -> int:
        return 2 if kind.bytes == 2 and step % 2 == 1 else 1

    def product_cost(depth: int, outputs: int) -> float:
        runs, rest = divmod(outputs, kind.run * kind.lanes)
        by_blocks, by_vectors = BLOCK_COSTS[kind.dtype]
        return depth * (runs * by_blocks + -(-rest // kind.lanes) * by_vectors) + 15 * -(-outputs // kind.lanes)

    return Packing(kind.lanes, kind.pixels, column_multiple, product_cost)


def _groups_reason(operator: Convolution, packs: Packs) -> str:
    return "" if operator.groups == 1 else f", {operator.groups // packs.count} groups at a time"


def _matrix_fields(operator: Convolution | FullyConnected, depth: int) -> dict[str, Any]:
    """The fields of helium_float_matrix_t."""
    return {
        "weights": "$weights",
        "bias": "$bias",
        "depth": depth,
        "channels": len(operator.weight),
        "activation": activation_fields(operator.clamp, operator.epilogue.activation),
        **sum_fields(operator.epilogue.add if _adds(operator) else None),
    }


def _constants(
    kind: FloatType, operator: Convolution | FullyConnected, weight: NDArray[Any], packs: int = 1
) -> tuple[Constant, ...]:
    """weight: (output channels, depth), in equal parts, the packs."""
    weights = [packed_matrix(rows, kind) for rows in np.split(weight, packs)]
    bias = [packed_bias(own, kind) for own in np.split(operator.bias, packs)]
    return Constant("weights", np.concatenate(weights)), Constant("bias", np.concatenate(bias), "hot")
