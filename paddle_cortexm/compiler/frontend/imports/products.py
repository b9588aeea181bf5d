"""Matrix products with constant weights: fully connected layers."""

from __future__ import annotations

import math

import numpy as np
from tvm import relax

from paddle_cortexm.compiler.frontend.imports.relax_builder import RelaxBuilder, constant
from paddle_cortexm.compiler.frontend.paddle.program import PaddleOperator


def matrix_product(builder: RelaxBuilder, op: PaddleOperator) -> None:
    """matmul_v2 and mul of a (1, inputs) vector; mul flattens an image by itself."""
    source = op.input("X")
    weights = builder.parameter(op, "Y")
    weights = weights.T if op.attributes.get("trans_y") else weights  # (inputs, outputs)
    shape = builder.shape(source)
    if op.kind == "mul" and len(shape) == 4 and op.attributes["x_num_col_dims"] == 1:
        source, shape = flatten(builder, source, f"{op.output}.flat"), (1, math.prod(shape))
    if len(shape) != 2 or weights.ndim != 2 or op.attributes.get("trans_x") or shape[1] != weights.shape[0]:
        raise op.mistake(
            f"the product of {shape} and {builder.parameter(op, 'Y').shape} is not supported: a (1, inputs) vector "
            f"and an (inputs, outputs) matrix are needed; flatten the image first"
        )
    product = relax.op.matmul(builder.value(source), constant(builder.in_element_order(source, weights)))
    bias = builder.parameter(op, "Bias") if op.has_input("Bias") else np.zeros(weights.shape[1], np.float32)
    builder.emit(op.output, relax.op.add(builder.emit(f"{op.output}.product", product), constant(bias)))


def flatten(builder: RelaxBuilder, source: str, result: str) -> str:
    """An image as a vector, elements in HWC order; returns `result`."""
    _, channels, height, width = builder.shape(source)
    image = (channels, height, width) if height * width > 1 and channels > 1 else None
    builder.emit(result, relax.op.reshape(builder.value(source), (1, channels * height * width)), flattened=image)
    return result


IMPORTS = {
    "matmul_v2": matrix_product,
    "mul": matrix_product,
}
