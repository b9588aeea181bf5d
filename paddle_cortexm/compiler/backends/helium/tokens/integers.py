"""Layer norm, softmax and products of int8: app/runtime/helium/layer_norm_s8.c, softmax_s8.c and product_s8.c."""

from __future__ import annotations

import numpy as np

from paddle_cortexm.compiler.backends.helium.parts.requantisation import split_shift
from paddle_cortexm.compiler.backends.helium.parts.structs import declaration
from paddle_cortexm.compiler.backends.helium.tokens.geometry import geometry_fields
from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.kernels.kernel import Constant, Kernel, Rejection
from paddle_cortexm.compiler.operators.tokens.layer_norm import STEP_BITS, IntegerLayerNorm
from paddle_cortexm.compiler.operators.tokens.product import IntegerProduct
from paddle_cortexm.compiler.operators.tokens.softmax import IntegerSoftmax
from paddle_cortexm.compiler.tensor import Tensor


def softmax(graph: Graph, layer: Layer) -> Kernel | Rejection:
    """The kernel of an IntegerSoftmax."""
    operator, output = layer.operator, graph.output_of(layer)
    assert isinstance(operator, IntegerSoftmax)
    r, channels = operator.requantisation, output.shape[3]
    left, shift = split_shift(int(r.multiplier[0]), int(r.shift[0]))
    if left:
        return Rejection("a step of the result is less than 2^-31")
    fields = {
        "table": "$table",
        "channels": channels,
        "multiplier": int(r.multiplier[0]),
        "shift": shift,
        "zero_point": r.output_zero_point,
    }
    declared = declaration("helium_softmax_t", "softmax", fields)
    table = Constant("table", operator.table_for(channels), "hot")
    return _by_pixel("softmax", "exponentials of a table", declared, output, (table,))


def layer_norm(graph: Graph, layer: Layer) -> Kernel | Rejection:
    """The kernel of an IntegerLayerNorm."""
    operator, output = layer.operator, graph.output_of(layer)
    assert isinstance(operator, IntegerLayerNorm)
    pairs = [split_shift(abs(int(m)), int(s)) for m, s in zip(operator.multiplier, operator.shift, strict=True)]
    if any(left for left, _ in pairs):
        return Rejection(f"a gain is more than 2^{24 - STEP_BITS} steps of the result")
    fields = {
        "multiplier": "$multiplier",
        "shift": "$shift",
        "offset": "$offset",
        "epsilon": operator.epsilon,
        "channels": output.shape[3],
        "room": operator.room,
        "zero_point": operator.output_zero_point,
    }
    constants = (
        Constant("multiplier", operator.multiplier, "hot"),
        Constant("shift", np.array([shift for _, shift in pairs], np.int32), "hot"),
        Constant("offset", operator.offset, "hot"),
    )
    declared = declaration("helium_layer_norm_t", "layer_norm", fields)
    return _by_pixel("layer_norm", "mean and variance in exact integers", declared, output, constants)


def product(graph: Graph, layer: Layer) -> Kernel | Rejection:
    """The kernel of an IntegerProduct."""
    operator = layer.operator
    assert isinstance(operator, IntegerProduct)
    r, columns, depth = operator.requantisation, operator.sizes[3], operator.depth
    left, shift = split_shift(int(r.multiplier[0]), int(r.shift[0]))
    fields = {
        "geometry": geometry_fields(operator),
        "first_zero_point": operator.zero_points[0],
        "second_zero_point": operator.zero_points[1],
        "left_shift": left,
        "multiplier": int(r.multiplier[0]),
        "shift": shift,
        "zero_point": r.output_zero_point,
    }
    declared = declaration("helium_product_s8_t", "product", fields)
    rows = -(-depth // 16) * 16
    scratch = -(-columns // 4) * 4 * (rows + 4) + rows
    return Kernel(
        name="helium_product_s8",
        backend="helium",
        reason="4 columns at a time, the second operand packed once a head",
        body=f"{declared}    helium_product_s8(&product, input0, input1, output, scratch);\n",
        scratch_bytes=scratch,
        header="product_s8.h",
        assertions=(f"HELIUM_PRODUCT_SCRATCH({columns}, {depth}) == {scratch}",),
        sources=("app/runtime/helium/product_s8.c",),
    )


def _by_pixel(name: str, reason: str, declared: str, output: Tensor, constants: tuple[Constant, ...]) -> Kernel:
    """A kernel that takes one pixel after the other. name: of the function and of the parameters."""

    def call(source: str, pixels: int) -> str:
        return f"{declared}    helium_{name}_s8(&{name}, {source}, output, {pixels});\n"

    _, height, width, _ = output.shape
    return Kernel(
        name=f"helium_{name}_s8",
        backend="helium",
        reason=reason,
        body=call("input0", height * width),
        constants=constants,
        header=f"{name}_s8.h",
        sources=(f"app/runtime/helium/{name}_s8.c",),
        overwrites_input=True,
        row_body=call("rows[0]", width),
    )
