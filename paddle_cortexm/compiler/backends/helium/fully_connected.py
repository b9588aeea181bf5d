"""Fully connected layer, and 1x1 convolution of a single pixel: app/runtime/helium/fully_connected_s8.c."""

from __future__ import annotations

from paddle_cortexm.compiler.backends.helium.packing import (
    Matrix,
    matrix_assertions,
    matrix_constants,
    matrix_declaration,
    matrix_rejection,
    matrix_scratch,
)
from paddle_cortexm.compiler.backends.helium.pointwise import MATRIX_SOURCES
from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.kernels.kernel import Kernel, Rejection
from paddle_cortexm.compiler.operators.weights.fully_connected import IntegerFullyConnected


def select(graph: Graph, layer: Layer) -> Kernel | Rejection:
    """The kernel for a fully connected layer."""
    operator = layer.operator
    assert isinstance(operator, IntegerFullyConnected)
    matrix = Matrix(
        operator.weight, operator.bias, operator.input_zero_point, operator.requantisation, operator.epilogue
    )
    return matrix_rejection(matrix) or kernel(matrix, "fully connected")


def kernel(matrix: Matrix, reason: str) -> Kernel:
    """The call for one vector."""
    residual = "input1" if matrix.epilogue.add is not None else "NULL"
    body = f"{matrix_declaration(matrix)}    helium_fully_connected_s8(&matrix, input0, output, scratch, {residual});\n"
    return Kernel(
        name="helium_fully_connected_s8",
        backend="helium",
        reason=reason,
        body=body,
        constants=matrix_constants(matrix),
        scratch_bytes=matrix_scratch(matrix, pixels=1),
        header="fully_connected_s8.h",
        assertions=matrix_assertions(matrix, pixels=1),
        sources=("app/runtime/helium/fully_connected_s8.c", *MATRIX_SOURCES),
    )
