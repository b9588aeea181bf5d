"""Depthwise convolution of floats: app/runtime/helium/depthwise_f32.c and depthwise_f16.c."""

from __future__ import annotations

from paddle_cortexm.compiler.backends.helium.floats.curves import with_curve
from paddle_cortexm.compiler.backends.helium.floats.packing import (
    activation_fields,
    packed_bias,
    packed_vectors,
    weighted_rejection,
)
from paddle_cortexm.compiler.backends.helium.floats.sums import with_sum
from paddle_cortexm.compiler.backends.helium.parts.float_type import float_type
from paddle_cortexm.compiler.backends.helium.parts.packs import MOST_ROWS
from paddle_cortexm.compiler.backends.helium.parts.structs import declaration, window_fields
from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.kernels.kernel import Constant, Kernel, Rejection
from paddle_cortexm.compiler.operators.weights.depthwise_convolution import DepthwiseConvolution


def select(graph: Graph, layer: Layer) -> Kernel | Rejection:
    """The depthwise kernel, with a fused activation if there is one, and an addition behind it."""
    operator = layer.operator
    assert isinstance(operator, DepthwiseConvolution)
    if operator.window.extent[0] > MOST_ROWS:
        return Rejection(f"a window of more than {MOST_ROWS} rows")
    kernel = weighted_rejection(graph, layer) or _kernel(graph, layer, operator)
    if isinstance(kernel, Rejection):
        return kernel
    end, result = operator.epilogue, graph.output_of(layer)
    kernel = with_curve(kernel, end.activation, float_type(result), result)
    return kernel if end.add is None else with_sum(kernel, end.add, float_type(result), result)


def _kernel(graph: Graph, layer: Layer, operator: DepthwiseConvolution) -> Kernel:
    source = graph.inputs_of(layer)[0]
    kind, channels = float_type(source), source.shape[3]
    fields = {
        "weights": "$weights",
        "bias": "$bias",
        "channels": channels,
        **window_fields(source, graph.output_of(layer), operator.window),
        "activation": activation_fields(operator.clamp, operator.epilogue.activation),
    }
    parameters = declaration("helium_float_depthwise_t", "parameters", fields)
    function = f"helium_depthwise_{kind.suffix}"
    row = f"helium_depthwise_row_{kind.suffix}(&parameters, rows, output);"
    return Kernel(
        name=function,
        backend="helium",
        reason=f"{kind.lanes} channels a vector, pixels side by side share loads",
        body=f"{parameters}    {function}(&parameters, input0, output, scratch);\n",
        constants=(
            Constant("weights", packed_vectors(operator.weight.reshape(-1, channels).T, kind)),
            Constant("bias", packed_bias(operator.bias, kind), "hot"),
        ),
        scratch_bytes=source.shape[2] * channels * kind.bytes,
        header=kind.header,
        assertions=(*kind.assertions, f"HELIUM_DEPTHWISE_FLOAT_ROWS == {MOST_ROWS}"),
        sources=(kind.source("depthwise"),),
        row_body=f"{parameters}    {row}\n",
    )
