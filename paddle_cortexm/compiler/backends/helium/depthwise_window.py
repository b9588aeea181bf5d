"""Depthwise convolution of stride 1 or 2: app/runtime/helium/depthwise_window_s8.c, and _s16.c for int16 results."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from paddle_cortexm.compiler.backends.helium.parts.packs import MOST_ROWS
from paddle_cortexm.compiler.backends.helium.parts.requantisation import GROUP, table_constant
from paddle_cortexm.compiler.backends.helium.parts.structs import SUFFIXES, declaration, window_fields
from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.kernels.kernel import Constant, Kernel, Rejection
from paddle_cortexm.compiler.operators.parts.base import Int8Array
from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.compiler.operators.weights.depthwise_convolution import IntegerDepthwiseConvolution
from paddle_cortexm.compiler.tensor import Shape

NAME = "helium_depthwise_window"  # what its functions' and its struct's names begin with
WORD_ROWS = 4  # rows that a word of the kernel holds
WEIGHT_BYTES, WEIGHT_BYTES_5X5 = 16, 32  # of a channel
SCRATCH_BYTES = 16 + 36 * 64
SCRATCH_BYTES_5X5 = 16 + 2 * 20 * 64 + 24 * 16
COLUMN_BYTES = 64  # the words of a column of 16 channels
CHANNEL_LIMIT = 9362  # the offsets of 8 pixels fit in 16 bits
RESULTS = 8  # of a channel, made at a time: side by side, or four in each of two rows
ASSERTIONS = (
    f"HELIUM_DEPTHWISE_WORD_ROWS == {WORD_ROWS}",
    f"HELIUM_DEPTHWISE_WINDOW_RESULTS == {RESULTS}",
    f"HELIUM_DEPTHWISE_BYTES == {WEIGHT_BYTES}",
    f"HELIUM_DEPTHWISE_BYTES_5X5 == {WEIGHT_BYTES_5X5}",
    f"HELIUM_DEPTHWISE_WINDOW_SCRATCH == {SCRATCH_BYTES}",
    f"HELIUM_DEPTHWISE_WINDOW_SCRATCH_5X5 == {SCRATCH_BYTES_5X5}",
    f"HELIUM_DEPTHWISE_WINDOW_ROWS == {MOST_ROWS}",
)
# From which results_share / channels_share on this kernel beats depthwise_s8, by window height, stride: measured with
# 8 to 64 channels on 1x1 to 14x14, where instructions and modelled Cortex-M55 cycles together break even.
BREAK_EVEN = {("narrow", 1): 0.6, ("narrow", 2): 0.8, ("5x5", 1): 0.55, ("5x5", 2): 0.55}


def select(graph: Graph, layer: Layer, bias: np.ndarray) -> Kernel | Rejection:
    """The kernel for stride 1 or 2. bias: with the zero point folded in."""
    operator = layer.operator
    assert isinstance(operator, IntegerDepthwiseConvolution)
    window, requantisation = operator.window, operator.requantisation
    if window.extent[0] > MOST_ROWS:
        return Rejection(f"a window of more than {MOST_ROWS} rows")
    if window.stride not in ((1, 1), (2, 2)):
        return Rejection("a stride other than 1 and 2")
    if requantisation.dtype == "int8" and (np.asarray(requantisation.shift) >= 0).any():
        return Rejection("a channel is scaled up")
    if graph.inputs_of(layer)[0].shape[3] > CHANNEL_LIMIT:
        return Rejection(f"more than {CHANNEL_LIMIT} channels")
    return _kernel(graph, layer, operator, bias)


def is_fastest(window: Window, output: Shape) -> bool:
    """Whether this kernel, where it takes the layer, is faster than depthwise_s8.

    It computes 8 results of a channel at a time, needed or not; the other one 16 channels of a result.
    """
    channels = output[3]
    channels_share = channels / (-(-channels // GROUP) * GROUP)
    share, shape = results_share(window, output) / channels_share, _shape(window)
    if shape == "any":
        return _instructions(window) <= share * _general_instructions(window)
    return share >= BREAK_EVEN[shape, window.stride[0]]


def _shape(window: Window) -> str:
    """Which of the kernel's three ways a window is computed: as one vector, as two (5x5), or as its words fill."""
    if window.dilation == (1, 1) and window.kernel[0] < WORD_ROWS and window.kernel[1] <= WORD_ROWS:
        return "narrow"
    return "5x5" if window == replace(window, kernel=(5, 5), dilation=(1, 1)) else "any"


def _instructions(window: Window) -> float:
    """About how many a result takes, of all that are computed."""
    return 3.0 * _vectors(window) + 1.6 * _bands(window) * window.stride[1] + 8.5


def _general_instructions(window: Window) -> float:
    """The same with depthwise_s8, of all channels that are computed."""
    return 0.72 * window.kernel[0] * window.kernel[1] + 0.4 * window.kernel[0] * window.stride[1] + 5


def _bands(window: Window) -> int:
    return -(-window.kernel[0] // WORD_ROWS)


def _vectors(window: Window) -> int:
    return -(-_bands(window) * window.kernel[1] // 4)


def results_share(window: Window, output: Shape) -> float:
    """The share of the results computed that are in the output: the last 8 of a row may lie beyond its end."""
    _, height, width, _ = output
    pairs = height // 2 if _makes_two_rows(window) else 0
    blocks = pairs * -(-width // (RESULTS // 2)) + (height - 2 * pairs) * -(-width // RESULTS)
    return height * width / (blocks * RESULTS)


def _makes_two_rows(window: Window) -> bool:
    return _shape(window) == "narrow" and window.stride == (1, 1)


def packed_weights(weight: Int8Array, window: Window) -> Int8Array:
    """HWC weights as (channel, 16): byte 4 * column + row. 5 x 5: (channel, 32), the fifth row behind the others. Any
    other window: (channel, 16 * vectors), the words of rows 0 to 3 column by column, then of rows 4 to 7, and so on."""
    height, width, channels = weight.shape
    if _shape(window) == "any":
        bands = np.pad(weight, ((0, -height % WORD_ROWS), (0, 0), (0, 0))).reshape(-1, WORD_ROWS, width, channels)
        words = bands.transpose(3, 0, 2, 1).reshape(channels, -1)
        return np.pad(words, ((0, 0), (0, -words.shape[1] % GROUP)))
    is_5x5 = height > WORD_ROWS
    packed = np.zeros((channels, WEIGHT_BYTES_5X5 if is_5x5 else WEIGHT_BYTES), np.int8)
    for row in range(min(height, WORD_ROWS)):
        packed[:, row : WORD_ROWS * width : WORD_ROWS] = weight[row].T
    if is_5x5:
        packed[:, WORD_ROWS * width : WORD_ROWS * width + width] = weight[WORD_ROWS].T
    return packed


def packed_constants(operator: IntegerDepthwiseConvolution, bias: np.ndarray) -> np.ndarray:
    """(channel, 3) int32: bias, multiplier, shift."""
    r, channels = operator.requantisation, len(bias)
    multiplier, shift = np.broadcast_to(r.multiplier, channels), np.broadcast_to(r.shift, channels)
    return np.stack([bias, multiplier, np.where(multiplier, shift, -1)], axis=1).astype(np.int32)


def table_with_clamp(operator: IntegerDepthwiseConvolution) -> Int8Array | None:
    """The fused table behind the clamp, indexed by x + 128; None where neither changes anything."""
    r, table = operator.requantisation, operator.epilogue.table
    if table is None and (r.minimum, r.maximum) == (-128, 127):
        return None
    clamped = np.clip(np.arange(-128, 128), r.minimum, r.maximum).astype(np.int8)
    return clamped if table is None else table.evaluate([clamped])


def _scratch(window: Window) -> tuple[int, tuple[str, ...]]:
    """Bytes, and what that assumes of the header."""
    (height, width), stride, dilation = window.kernel, window.stride[1], window.dilation[1]
    if _shape(window) != "any":
        return SCRATCH_BYTES_5X5 if _shape(window) == "5x5" else SCRATCH_BYTES, ()
    columns = (2 * RESULTS // stride - 1) * stride + window.extent[1]
    scratch = GROUP + GROUP * _vectors(window) + _bands(window) * columns * COLUMN_BYTES
    return scratch, (f"HELIUM_DEPTHWISE_WINDOW_SCRATCH_ANY({height}, {width}, {stride}, {dilation}) == {scratch}",)


def _kernel(graph: Graph, layer: Layer, operator: IntegerDepthwiseConvolution, bias: np.ndarray) -> Kernel:
    source, result = graph.inputs_of(layer)[0], graph.output_of(layer)
    window, requantisation, suffix = operator.window, operator.requantisation, SUFFIXES[result.dtype]
    table = table_with_clamp(operator) if result.dtype == "int8" else None
    fields = {
        "channels": source.shape[3],
        **window_fields(source, result, window),
        "input_zero_point": operator.input_zero_point,
        "weights": "$weights",
        "constants": "$constants",
        "zero_point": requantisation.output_zero_point,
        "table": "NULL" if table is None else "$table",
        "minimum": requantisation.minimum,
        "maximum": requantisation.maximum,
    }
    parameters = declaration(f"{NAME}_t", "parameters", fields)
    scratch, more_assertions = _scratch(window)
    return Kernel(
        name=f"{NAME}_{suffix}",
        backend="helium",
        reason=("a window in a vector" if _shape(window) == "narrow" else "a window in few vectors")
        + ", all their products in one instruction"
        + (", fused table" if table is not None else "")
        + (", int8 to int16" if result.dtype == "int16" else ""),
        body=parameters + f"    {NAME}_{suffix}(&parameters, input0, output, scratch);\n",
        constants=(
            Constant("weights", packed_weights(operator.weight, window)),
            Constant("constants", packed_constants(operator, bias), "hot"),
            *(() if table is None else (table_constant(table),)),
        ),
        scratch_bytes=scratch,
        header="depthwise_window.h",
        assertions=(*ASSERTIONS, *more_assertions),
        sources=(f"app/runtime/helium/depthwise_window_{suffix}.c",),
        row_body=parameters + f"    {NAME}_row_{suffix}(&parameters, rows, output, scratch);\n",
        row_scratch_bytes=scratch,
        rows_body=parameters + f"    {NAME}_rows_{suffix}(&parameters, rows, count, output, scratch);\n",
        rows_at_once=2 if _makes_two_rows(window) else 1,
    )
