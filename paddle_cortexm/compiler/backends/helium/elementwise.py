"""Elementwise addition and multiplication: app/runtime/helium/add_s8.c, add_s16.c and elementwise_multiply_s8.c."""

from __future__ import annotations

from paddle_cortexm.compiler.backends.helium.packing import ADD_ASSERTIONS, add_fields, add_rejection
from paddle_cortexm.compiler.backends.helium.parts.structs import SUFFIXES, declaration
from paddle_cortexm.compiler.backends.helium.requantisation import split_shift
from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.kernels.kernel import Kernel, Rejection
from paddle_cortexm.compiler.operators.elementwise.add import IntegerAdd
from paddle_cortexm.compiler.operators.elementwise.multiply import IntegerMultiply
from paddle_cortexm.compiler.tensor import BYTES_OF


def select(graph: Graph, layer: Layer) -> Kernel | Rejection:
    """The kernel of an IntegerAdd or IntegerMultiply."""
    if isinstance(layer.operator, IntegerAdd):
        return _add(graph, layer, layer.operator)
    assert isinstance(layer.operator, IntegerMultiply)
    return _multiply(graph, layer, layer.operator)


def _add(graph: Graph, layer: Layer, add: IntegerAdd) -> Kernel | Rejection:
    first, second = graph.inputs_of(layer)
    if first.shape != second.shape:
        return Rejection("the addition's shapes differ")
    rejection = add_rejection(add)
    if rejection is not None:
        return rejection
    parameters = declaration("helium_add_t", "parameters", add_fields(add))
    row, name = first.shape[-2] * first.shape[-1], f"add_{SUFFIXES[add.dtype]}"
    return Kernel(
        name=f"helium_{name}",
        backend="helium",
        reason=f"{16 // BYTES_OF[add.dtype]} sums at a time",
        body=parameters + f"    helium_{name}(&parameters, input0, input1, output, {first.elements});\n",
        header=f"{name}.h",
        assertions=ADD_ASSERTIONS,
        sources=(f"app/runtime/helium/{name}.c",),
        overwrites_input=True,
        row_body=parameters + f"    helium_{name}(&parameters, rows[0], residual, output, {row});\n",
    )


def _multiply(graph: Graph, layer: Layer, operator: IntegerMultiply) -> Kernel | Rejection:
    first, second = graph.inputs_of(layer)
    r, channels = operator.requantisation, first.shape[-1]
    broadcast = second.shape != first.shape
    if broadcast and second.shape != (1, 1, 1, channels):
        return Rejection("the second factor is neither of the first's shape nor (1, 1, 1, C)")
    if len(r.multiplier) != 1:
        return Rejection("a product has one scale")
    left, shift = split_shift(int(r.multiplier[0]), int(r.shift[0]))
    fields = {
        "first_zero_point": operator.zero_points[0],
        "second_zero_point": operator.zero_points[1],
        "left_shift": left,
        "multiplier": int(r.multiplier[0]),
        "shift": shift,
        "zero_point": r.output_zero_point,
        "minimum": r.minimum,
        "maximum": r.maximum,
    }
    parameters = declaration("helium_elementwise_multiply_t", "parameters", fields)
    call = "    helium_elementwise_multiply_s8(&parameters, {source}, output, {count}, {repeats});\n"
    count = channels if broadcast else first.elements
    repeats = first.elements // count
    row = first.shape[-2] * channels
    return Kernel(
        name="helium_elementwise_multiply_s8",
        backend="helium",
        reason="16 products at a time" + (", second factor per channel" if broadcast else ""),
        body=parameters + call.format(source="input0, input1", count=count, repeats=repeats),
        header="elementwise_multiply_s8.h",
        sources=("app/runtime/helium/elementwise_multiply_s8.c",),
        overwrites_input=True,
        # A broadcast factor is no row of input1, and only whole after the layer that averages this very tensor.
        row_body=None if broadcast else parameters + call.format(source="rows[0], residual", count=row, repeats=1),
    )
