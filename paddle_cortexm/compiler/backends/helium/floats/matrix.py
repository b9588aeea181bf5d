"""Convolutions and fully connected layers of floats: app/runtime/helium/conv2d_f32.c and conv2d_f16.c."""

from __future__ import annotations

from typing import Any

from paddle_cortexm.compiler.backends.helium.floats.packing import (
    activation_fields,
    packed_bias,
    packed_matrix,
    weighted_rejection,
)
from paddle_cortexm.compiler.backends.helium.parts.float_type import float_type
from paddle_cortexm.compiler.backends.helium.parts.structs import declaration, window_fields
from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.kernels.kernel import Constant, Kernel, Rejection
from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.compiler.operators.weights.convolution import Convolution
from paddle_cortexm.compiler.operators.weights.fully_connected import FullyConnected

LARGEST_KERNEL_HEIGHT = 16
PIXELS = 3  # of a block in float16, for the estimate of what streaming costs; in float32 it has 4


def select(graph: Graph, layer: Layer) -> Kernel | Rejection:
    """The kernel of a Convolution or FullyConnected."""
    operator = layer.operator
    rejection = weighted_rejection(graph, layer)
    if rejection is not None:
        return rejection
    if isinstance(operator, FullyConnected):
        return _pointwise(graph, layer, operator, 1, 1)
    assert isinstance(operator, Convolution)
    if operator.window == Window():
        _, height, width, _ = graph.output_of(layer).shape
        return _pointwise(graph, layer, operator, height, width)
    if operator.window.kernel[0] > LARGEST_KERNEL_HEIGHT:
        return Rejection(f"kernel taller than {LARGEST_KERNEL_HEIGHT} rows")
    return _convolution(graph, layer, operator)


def _pointwise(graph: Graph, layer: Layer, operator: Convolution | FullyConnected, height: int, width: int) -> Kernel:
    """The call over height x width pixels; a row is the same call over width pixels."""
    kind = float_type(graph.output_of(layer))
    matrix = declaration("helium_float_matrix_t", "matrix", _matrix_fields(operator))
    added = operator.epilogue.add is not None

    def call(source: str, pixels: int, residual: str) -> str:
        arguments = f"&matrix, {source}, output, {pixels}, {residual if added else 'NULL'}"
        return f"{matrix}    helium_pointwise_{kind.suffix}({arguments});\n"

    return Kernel(
        name=f"helium_pointwise_{kind.suffix}",
        backend="helium",
        reason="fully connected" if isinstance(operator, FullyConnected) else "1x1 convolution",
        body=call("input0", height * width, "input1"),
        constants=_constants(graph, layer, operator),
        header=kind.header,
        assertions=kind.assertions,
        sources=(kind.source("conv2d"),),
        row_body=call("rows[0]", width, "residual"),
        pixels_at_once=PIXELS if isinstance(operator, Convolution) else 1,
    )


def _convolution(graph: Graph, layer: Layer, operator: Convolution) -> Kernel:
    """The general kernel. The whole layer's scratch also holds one input row of zeros."""
    kind = float_type(graph.output_of(layer))
    source, result = graph.inputs_of(layer)[0], graph.output_of(layer)
    _, _, input_width, input_channels = source.shape
    fields = {"matrix": _matrix_fields(operator), "input_channels": input_channels}
    fields |= window_fields(source, result, operator.window)
    convolution = declaration("helium_float_conv2d_t", "convolution", fields)
    added = operator.epilogue.add is not None
    whole = f"helium_conv2d_{kind.suffix}(&convolution, input0, output, scratch, {'input1' if added else 'NULL'});"
    row = f"helium_conv2d_row_{kind.suffix}(&convolution, rows, output, scratch, {'residual' if added else 'NULL'});"
    depth = operator.weight[0].size
    patch = -(-depth // 2) * 2  # elements
    patches = result.shape[2] * patch * kind.bytes
    return Kernel(
        name=f"helium_conv2d_{kind.suffix}",
        backend="helium",
        reason="patches of one row, then as a 1x1 convolution",
        body=f"{convolution}    {whole}\n",
        constants=_constants(graph, layer, operator),
        scratch_bytes=patches + input_width * input_channels * kind.bytes,
        header=kind.header,
        assertions=(
            *kind.assertions,
            f"HELIUM_CONV2D_FLOAT_PATCH({depth}) == {patch}",
            f"HELIUM_CONV2D_FLOAT_ROWS == {LARGEST_KERNEL_HEIGHT}",
        ),
        sources=(kind.source("conv2d"),),
        row_body=f"{convolution}    {row}\n",
        row_scratch_bytes=patches,
    )


def _matrix_fields(operator: Convolution | FullyConnected) -> dict[str, Any]:
    """The fields of helium_float_matrix_t."""
    return {
        "weights": "$weights",
        "bias": "$bias",
        "depth": operator.weight[0].size,
        "channels": len(operator.weight),
        "activation": activation_fields(operator.clamp, operator.epilogue.activation),
    }


def _constants(graph: Graph, layer: Layer, operator: Convolution | FullyConnected) -> tuple[Constant, ...]:
    kind = float_type(graph.output_of(layer))
    weight = operator.weight.reshape(len(operator.weight), -1)
    return (
        Constant("weights", packed_matrix(weight, kind)),
        Constant("bias", packed_bias(operator.bias, kind), "hot"),
    )
