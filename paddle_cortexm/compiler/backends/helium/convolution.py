"""2-D convolution: chooses among the 1x1, the stem and the general kernel (app/runtime/helium/conv2d_s8.c)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from paddle_cortexm.compiler.backends.helium import fully_connected, pointwise, stem
from paddle_cortexm.compiler.backends.helium.packing import (
    BLOCK,
    CHANNELS_MULTIPLE,
    GROUP,
    PIXELS,
    Matrix,
    epilogue_declaration,
    matrix_assertions,
    matrix_constants,
    matrix_fields,
    matrix_rejection,
    matrix_scratch,
)
from paddle_cortexm.compiler.backends.helium.parts.packs import MOST_ROWS, Packing, Packs, packs_of
from paddle_cortexm.compiler.backends.helium.parts.structs import declaration, window_fields
from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.kernels.kernel import Kernel, Rejection
from paddle_cortexm.compiler.operators.weights.convolution import IntegerConvolution

CONV2D = ("app/runtime/helium/conv2d_s8.c",)


def _product_cost(depth: int, outputs: int) -> float:
    """About how many instructions the sums of an output pixel and what follows them take."""
    pairs = -(-outputs // CHANNELS_MULTIPLE) * CHANNELS_MULTIPLE // 2
    return (pairs * (11 * -(-depth // BLOCK) + 6) + 50) / PIXELS + 12 * -(-outputs // GROUP)


PACKING = Packing(BLOCK, PIXELS, lambda step: 1, _product_cost)


def select(graph: Graph, layer: Layer) -> Kernel | Rejection:
    """The kernel for a convolution."""
    operator = layer.operator
    assert isinstance(operator, IntegerConvolution)
    matrix = Matrix(
        operator.weight.reshape(operator.weight.shape[0], -1),
        operator.bias,
        operator.input_zero_point,
        operator.requantisation,
        operator.epilogue,
    )
    rejection = matrix_rejection(matrix)
    if rejection is not None:
        return rejection
    if operator.window.extent[0] > MOST_ROWS:
        return Rejection(f"a window of more than {MOST_ROWS} rows")
    _, height, width, _ = graph.output_of(layer).shape
    if pointwise.takes(operator):
        if height * width == 1:
            return fully_connected.kernel(matrix, "1x1 convolution of one pixel")
        return pointwise.kernel(matrix, height, width)
    if stem.takes(operator):
        kernel = _kernel(graph, layer, matrix, "stem_s8", "few input channels", Packs(1, 0, 0, stem.patch_bytes(width)))
        return replace(
            kernel, sources=(*kernel.sources, *CONV2D), assertions=(*kernel.assertions, *stem.assertions(width))
        )
    packs = packs_of(operator, graph.inputs_of(layer)[0].shape, graph.output_of(layer).shape, PACKING)
    matrix = replace(matrix, weight=packs.weight(operator))
    reason = "general convolution" if operator.groups == 1 else f"{operator.groups // packs.count} groups at a time"
    kernel = _kernel(graph, layer, matrix, "conv2d_s8", reason, packs)
    return replace(kernel, assertions=(*kernel.assertions, *packs.assertions(operator.window)))


def _kernel(graph: Graph, layer: Layer, matrix: Matrix, function: str, reason: str, packs: Packs) -> Kernel:
    """A kernel with the interface of conv2d_s8.h. The whole layer's scratch also holds one input row of padding."""
    row_scratch = matrix_scratch(matrix) + packs.strip
    operator, (_, _, input_width, channels) = layer.operator, graph.inputs_of(layer)[0].shape
    assert isinstance(operator, IntegerConvolution)
    declarations = epilogue_declaration(matrix.epilogue)
    declarations += declaration("helium_conv2d_s8_t", "convolution", _fields(graph, layer, operator, matrix, packs))
    adds = matrix.epilogue.add is not None
    whole = f"    helium_{function}(&convolution, input0, output, scratch, {'input1' if adds else 'NULL'});\n"
    row = f"    helium_{function.replace('_s8', '_row_s8')}(&convolution, rows, output, scratch, "
    row += f"{'residual' if adds else 'NULL'});\n"
    return Kernel(
        name=f"helium_{function}",
        backend="helium",
        reason=reason,
        body=declarations + whole,
        constants=matrix_constants(matrix, packs=packs.count),
        scratch_bytes=row_scratch + input_width * channels,
        header=f"{function}.h",
        assertions=(*matrix_assertions(matrix), f"HELIUM_CONV2D_ROWS == {MOST_ROWS}"),
        sources=(f"app/runtime/helium/{function}.c", *pointwise.MATRIX_SOURCES),
        row_body=declarations + row,
        row_scratch_bytes=row_scratch,
    )


def _fields(graph: Graph, layer: Layer, operator: IntegerConvolution, matrix: Matrix, packs: Packs) -> dict[str, Any]:
    """The fields of helium_conv2d_s8_t."""
    source = graph.inputs_of(layer)[0]
    return {
        "matrix": matrix_fields(matrix),
        "input_channels": source.shape[3],
        **window_fields(source, graph.output_of(layer), operator.window),
        "input_zero_point": operator.input_zero_point,
        **packs.fields,
    }
