"""Depthwise convolution: app/runtime/helium/depthwise_window_s8.c for usual windows on all but the smallest maps, else
app/runtime/helium/depthwise_s8.c."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from paddle_cortexm.compiler.backends.helium import depthwise_window
from paddle_cortexm.compiler.backends.helium.packing import (
    ADD_ASSERTIONS,
    add_rejection,
    epilogue_declaration,
    packed_table,
    sum_rejection,
)
from paddle_cortexm.compiler.backends.helium.parts.packs import MOST_ROWS, strip_columns
from paddle_cortexm.compiler.backends.helium.parts.requantisation import (
    GROUP,
    GROUP_ASSERTIONS,
    narrowing_order,
    requantise_constants,
    requantise_fields,
)
from paddle_cortexm.compiler.backends.helium.parts.residual import with_residual
from paddle_cortexm.compiler.backends.helium.parts.structs import declaration, window_fields
from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.kernels.kernel import Constant, Kernel, Rejection
from paddle_cortexm.compiler.operators.parts.base import Int8Array
from paddle_cortexm.compiler.operators.weights.depthwise_convolution import IntegerDepthwiseConvolution
from paddle_cortexm.compiler.operators.weights.weighted import NO_EPILOGUE


def select(graph: Graph, layer: Layer) -> Kernel | Rejection:
    """The fastest depthwise kernel, with a fused table if there is one, and an addition behind it."""
    operator = layer.operator
    assert isinstance(operator, IntegerDepthwiseConvolution)
    add = operator.epilogue.add
    kernel = (None if add is None else add_rejection(add)) or _without_addition(graph, layer, operator)
    if add is None or isinstance(kernel, Rejection):
        return kernel
    kernel = replace(kernel, assertions=(*kernel.assertions, *ADD_ASSERTIONS))
    call = "helium_add_s8(&residual_add, output, {residual}, output, {count})"
    declared = epilogue_declaration(operator.epilogue)
    return with_residual(kernel, graph.output_of(layer), declared, call, "app/runtime/helium/add_s8.c")


def _without_addition(graph: Graph, layer: Layer, operator: IntegerDepthwiseConvolution) -> Kernel | Rejection:
    folded = folded_bias(operator)
    rejection = _rejection(operator, folded)
    if rejection is not None:
        return rejection
    window, other = depthwise_window.select(graph, layer, folded.astype(np.int32)), general(graph, layer)
    if isinstance(window, Rejection):
        return other
    sizes = operator.window, graph.output_of(layer).shape
    if isinstance(other, Rejection) or depthwise_window.is_fastest(*sizes):
        return window
    share = depthwise_window.results_share(*sizes)
    return replace(
        other, reason=f"{other.reason}; of the window kernel's 8 results at a time {share:.0%} would be used"
    )


def wide(graph: Graph, layer: Layer) -> Kernel | Rejection:
    """The kernel that makes int16 of int8."""
    operator = layer.operator
    assert isinstance(operator, IntegerDepthwiseConvolution)
    if graph.inputs_of(layer)[0].dtype != "int8" or operator.epilogue != NO_EPILOGUE:
        return Rejection("a depthwise convolution of int16, or with something fused behind it")
    folded = folded_bias(operator)
    return _rejection(operator, folded) or depthwise_window.select(graph, layer, folded.astype(np.int32))


def general(graph: Graph, layer: Layer) -> Kernel | Rejection:
    """The kernel for any window and stride."""
    operator = layer.operator
    assert isinstance(operator, IntegerDepthwiseConvolution)
    if operator.window.extent[0] > MOST_ROWS:
        return Rejection(f"a window of more than {MOST_ROWS} rows")
    if (operator.weight == -128).any():
        return Rejection("a weight of -128: two products would not fit in 16 bits")
    return _kernel(graph, layer, operator, folded_bias(operator).astype(np.int32))


def _rejection(operator: IntegerDepthwiseConvolution, folded: np.ndarray) -> Rejection | None:
    return sum_rejection(folded, np.abs(operator.weight.astype(np.int64)).sum(axis=(0, 1)))


def folded_bias(operator: IntegerDepthwiseConvolution) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """bias - input zero point * sum of the weights: then the kernel multiplies x itself, also in the padding."""
    sums = operator.weight.astype(np.int64).sum(axis=(0, 1))
    return operator.bias.astype(np.int64) - operator.input_zero_point * sums


def packed_weights(weight: Int8Array) -> Int8Array:
    """HWC weights as (group of 16 channels, tap, channel), taps column by column, zeros for missing channels."""
    height, width, channels = weight.shape
    by_columns = weight.transpose(1, 0, 2).reshape(height * width, channels)
    padded = np.pad(by_columns, ((0, 0), (0, -channels % GROUP)))
    return np.ascontiguousarray(padded.reshape(height * width, -1, GROUP).transpose(1, 0, 2))


def _kernel(graph: Graph, layer: Layer, operator: IntegerDepthwiseConvolution, bias: np.ndarray) -> Kernel:
    source, result = graph.inputs_of(layer)[0], graph.output_of(layer)
    requantisation, table = operator.requantisation, operator.epilogue.table
    tables: tuple[Constant, ...] = ()
    if table is not None:  # the clamp in front is folded in
        tables = (Constant("table", packed_table(table.table, requantisation), "hot"),)
        requantisation = replace(requantisation, minimum=-128, maximum=127)
    scales = requantise_constants(requantisation, source.shape[3])
    window = operator.window
    strip_bytes = GROUP * window.kernel[0] * strip_columns(result.shape[2], window)
    fields = {
        "channels": source.shape[3],
        **window_fields(source, result, window),
        "input_zero_point": operator.input_zero_point,
        "weights": "$weights",
        "bias": "$bias",
        "requantise": requantise_fields(requantisation, scales),
        "table": "$table" if tables else "NULL",
    }
    parameters = declaration("helium_depthwise_t", "parameters", fields)
    return Kernel(
        name="helium_depthwise_s8",
        backend="helium",
        reason="16 channels a vector, two taps summed in 16 bits" + (", fused table" if tables else ""),
        body=parameters + "    helium_depthwise_s8(&parameters, input0, output, scratch);\n",
        constants=(
            Constant("weights", packed_weights(operator.weight)),
            Constant("bias", narrowing_order(bias), "hot"),
            *scales,
            *tables,
        ),
        scratch_bytes=strip_bytes,
        header="depthwise_s8.h",
        assertions=(*GROUP_ASSERTIONS, f"HELIUM_DEPTHWISE_ROWS == {MOST_ROWS}"),
        sources=("app/runtime/helium/depthwise_s8.c",),
        row_body=parameters + "    helium_depthwise_row_s8(&parameters, rows, output, scratch);\n",
        row_scratch_bytes=strip_bytes,
    )
