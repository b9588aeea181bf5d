"""Layers with int16 tensors: app/runtime/helium/pointwise_s16.c, and add_s16.c and depthwise_window_s16.c by way of the
modules of their int8 forms."""

from __future__ import annotations

from dataclasses import replace

from paddle_cortexm.compiler.backends.helium import depthwise, elementwise
from paddle_cortexm.compiler.backends.helium.packing import (
    BLOCK,
    PIXELS,
    Matrix,
    matrix_assertions,
    matrix_constants,
    matrix_declaration,
    matrix_rejection,
    matrix_scratch,
)
from paddle_cortexm.compiler.backends.helium.parts.structs import SUFFIXES
from paddle_cortexm.compiler.backends.helium.pointwise import MATRIX_SOURCES, takes
from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.kernels.kernel import Kernel, Rejection
from paddle_cortexm.compiler.operators.elementwise.add import IntegerAdd
from paddle_cortexm.compiler.operators.weights.convolution import IntegerConvolution
from paddle_cortexm.compiler.operators.weights.depthwise_convolution import IntegerDepthwiseConvolution
from paddle_cortexm.compiler.operators.weights.fully_connected import IntegerFullyConnected
from paddle_cortexm.compiler.operators.weights.weighted import NO_EPILOGUE, IntegerWeighted
from paddle_cortexm.compiler.tensor import Tensor

BLOCKS = {"int8": BLOCK, "int16": 8}  # weights that stand together: as many as a vector has values of the input
SOURCES = tuple(f"app/runtime/helium/{name}_s16.c" for name in ("pointwise", "matrix", "gemm"))


def select(graph: Graph, layer: Layer) -> Kernel | Rejection:
    """The kernel of a layer that reads or makes int16."""
    operator = layer.operator
    if isinstance(operator, IntegerAdd):
        return elementwise.select(graph, layer)
    if isinstance(operator, IntegerDepthwiseConvolution):
        return depthwise.wide(graph, layer)
    if not isinstance(operator, IntegerConvolution | IntegerFullyConnected):
        return Rejection(f"helium has no kernel for {type(operator).__name__} with int16 tensors")
    if isinstance(operator, IntegerConvolution) and not takes(operator):
        return Rejection("with int16 tensors only 1x1 convolutions of stride 1 have a kernel")
    if operator.epilogue != NO_EPILOGUE:
        return Rejection("nothing is fused behind a layer with int16 tensors")
    return _matrix(graph.inputs_of(layer)[0], graph.output_of(layer), operator)


def _matrix(source: Tensor, result: Tensor, operator: IntegerWeighted) -> Kernel | Rejection:
    """The call over all pixels; a fully connected layer has one. A row of a convolution is the same call over it."""
    weight = operator.weight.reshape(len(operator.weight), -1)
    matrix = Matrix(weight, operator.bias, operator.input_zero_point, operator.requantisation, NO_EPILOGUE)
    rejection = matrix_rejection(matrix, source.dtype)
    if rejection is not None:
        return rejection
    name = f"helium_pointwise_{SUFFIXES[source.dtype]}_{SUFFIXES[result.dtype]}"
    declarations, scratch = matrix_declaration(matrix), matrix_scratch(matrix)
    _, height, width, _ = result.shape

    def call(pixel: str, pixels: str) -> str:
        return f"{declarations}    {name}(&matrix, {pixel}, output, {pixels}, scratch);\n"

    kernel = Kernel(
        name=name,
        backend="helium",
        reason=f"{operator.layer_kind}, {source.dtype} to {result.dtype}",
        body=call("input0", str(height * width)),
        constants=matrix_constants(matrix, BLOCKS[source.dtype]),
        scratch_bytes=scratch,
        header="pointwise_s16.h",
        assertions=(*matrix_assertions(matrix), f"HELIUM_GEMM_S16_BLOCK == {BLOCKS['int16']}"),
        sources=(*SOURCES, *MATRIX_SOURCES),
    )
    if isinstance(operator, IntegerFullyConnected):
        return kernel
    return replace(
        kernel,
        row_body=call("rows[0]", str(width)),
        row_scratch_bytes=scratch,
        rows_body=call("rows[0]", f"count * {width}"),
        rows_at_once=2,
        pixels_at_once=PIXELS,
    )
