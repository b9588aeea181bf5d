"""Matrix products with constant weights: fully connected layers, and the same for every token."""

from __future__ import annotations

import math

import numpy as np
from tvm import relax

from paddle_cortexm.compiler.frontend.imports.convolutions import emit_convolution
from paddle_cortexm.compiler.frontend.imports.relax_builder import RelaxBuilder, constant
from paddle_cortexm.compiler.frontend.paddle.program import PaddleOperator


def matrix_product(builder: RelaxBuilder, op: PaddleOperator) -> None:
    """matmul_v2 and mul: a fully connected layer of a (1, inputs) vector, a 1 x 1 convolution of tokens; mul flattens
    an image by itself."""
    source = op.input("X")
    weights = builder.parameter(op, "Y")
    weights = weights.T if op.attributes.get("trans_y") else weights  # (inputs, outputs)
    shape = builder.shape(source)
    flattened = op.attributes.get("x_num_col_dims", len(shape) - 1)
    if op.kind == "mul" and len(shape) == 4 and flattened == 1:
        source, shape = flatten(builder, source, f"{op.output}.flat"), (1, math.prod(shape))
    is_plain = weights.ndim == 2 and not op.attributes.get("trans_x") and flattened in (1, len(shape) - 1)
    if not is_plain or shape[-1] != weights.shape[0] or builder.relax_shape_of(source)[-1] != shape[-1]:
        raise op.mistake(
            f"the product of {shape} and {builder.parameter(op, 'Y').shape} is not supported: a (1, inputs) vector or "
            f"(1, tokens, inputs) and an (inputs, outputs) matrix are needed; flatten an image first"
        )
    bias = builder.parameter(op, "Bias") if op.has_input("Bias") else np.zeros(weights.shape[1], np.float32)
    if len(builder.relax_shape_of(source)) == 4:
        emit_convolution(builder, source, op.output, weights.T[:, None, None], bias)
        return
    product = relax.op.matmul(builder.value(source), constant(builder.in_element_order(source, weights)))
    builder.emit(op.output, relax.op.add(builder.emit(f"{op.output}.product", product), constant(bias)))


def flatten(builder: RelaxBuilder, source: str, result: str) -> str:
    """An image as a vector, elements in HWC order; returns `result`."""
    _, channels, height, width = builder.shape(source)
    assert not builder.channels_last(source), "an image is flattened, not tokens"
    image = (channels, height, width) if height * width > 1 and channels > 1 else None
    builder.emit(result, relax.op.reshape(builder.value(source), (1, channels * height * width)), flattened=image)
    return result


IMPORTS = {
    "matmul_v2": matrix_product,
    "mul": matrix_product,
}
