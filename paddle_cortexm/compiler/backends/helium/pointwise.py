"""1x1 convolution at stride 1: app/runtime/helium/pointwise_s8.c."""

from __future__ import annotations

from paddle_cortexm.compiler.backends.helium.packing import (
    PIXELS,
    Matrix,
    matrix_assertions,
    matrix_constants,
    matrix_declaration,
    matrix_scratch,
)
from paddle_cortexm.compiler.kernels.kernel import Kernel
from paddle_cortexm.compiler.operators.weights.convolution import IntegerConvolution

MATRIX_SOURCES = tuple(f"app/runtime/helium/{name}_s8.c" for name in ("matrix", "gemm", "finish"))


def takes(operator: IntegerConvolution) -> bool:
    """1x1, stride 1, no padding, one group."""
    return operator.is_matrix_product


def kernel(matrix: Matrix, height: int, width: int) -> Kernel:
    """The call over height x width pixels; a row is the same call over width pixels."""
    declarations, scratch = matrix_declaration(matrix), matrix_scratch(matrix)
    adds = matrix.epilogue.add is not None

    def call(source: str, pixels: str, residual: str) -> str:
        added = residual if adds else "NULL"
        return f"{declarations}    helium_pointwise_s8(&matrix, {source}, output, {pixels}, scratch, {added});\n"

    return Kernel(
        name="helium_pointwise_s8",
        backend="helium",
        reason="1x1 convolution",
        body=call("input0", str(height * width), "input1"),
        constants=matrix_constants(matrix),
        scratch_bytes=scratch,
        header="pointwise_s8.h",
        assertions=matrix_assertions(matrix),
        sources=("app/runtime/helium/pointwise_s8.c", *MATRIX_SOURCES),
        row_body=call("rows[0]", str(width), "residual"),
        row_scratch_bytes=scratch,
        rows_body=call("rows[0]", f"count * {width}", "residual"),
        rows_at_once=2,
        pixels_at_once=PIXELS,
    )
