"""Elementwise arithmetic of integers: add_s8.c, add_s16.c, add_broadcast_s8.c, elementwise_multiply_s8.c, extremum_s8.c
and divide_s8.c of app/runtime/helium."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from paddle_cortexm.compiler.backends.helium.packing import ADD_ASSERTIONS, add_fields, add_rejection, right_shift
from paddle_cortexm.compiler.backends.helium.parts.broadcast import broadcast_of, with_constant, with_rows
from paddle_cortexm.compiler.backends.helium.parts.requantisation import reciprocals_constant, split_shift
from paddle_cortexm.compiler.backends.helium.parts.structs import SUFFIXES, declaration
from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.kernels.kernel import Constant, Kernel, Rejection
from paddle_cortexm.compiler.operators.elementwise.add import IntegerAdd
from paddle_cortexm.compiler.operators.elementwise.binary import IntegerWithConstant
from paddle_cortexm.compiler.operators.elementwise.divide import FRACTION_BITS, IntegerDivide
from paddle_cortexm.compiler.operators.elementwise.extremum import LEFT_SHIFT, IntegerExtremum
from paddle_cortexm.compiler.operators.elementwise.multiply import IntegerMultiply
from paddle_cortexm.compiler.operators.parts.base import Operator
from paddle_cortexm.compiler.tensor import BYTES_OF, Shape


def select(graph: Graph, layer: Layer) -> Kernel | Rejection:
    """The kernel of a sum, product, quotient, maximum or minimum of two tensors, or of a tensor and a constant."""
    operator, result = layer.operator, graph.output_of(layer).shape
    first, *others = (tensor.shape for tensor in graph.inputs_of(layer))
    if isinstance(operator, IntegerWithConstant):
        inner, constant = operator.operator, Constant("operand", operator.constant)
        return with_constant(lambda a, b: _kernel(inner, a, b), first, constant, result)
    return with_rows(lambda a, b: _kernel(operator, a, b), first, others[0], result)


def _kernel(operator: Operator, first: Shape, second: Shape) -> Kernel | Rejection:
    """The kernel of a whole layer whose result has the first operand's shape."""
    match operator:
        case IntegerAdd():
            return _add(operator, first, second)
        case IntegerMultiply():
            return _multiply(operator, first, second)
        case IntegerExtremum():
            return _extremum(operator, first, second)
        case IntegerDivide():
            return _divide(operator, first, second)
    return Rejection(f"helium has no kernel for {operator.name}")


def _add(add: IntegerAdd, first: Shape, second: Shape) -> Kernel | Rejection:
    rejection = add_rejection(add)
    if rejection is not None:
        return rejection
    reason, fields = f"{16 // BYTES_OF[add.dtype]} sums at a time", add_fields(add)
    if first == second:
        name = f"add_{SUFFIXES[add.dtype]}"
        call = f"    helium_{name}(&parameters, input0, input1, output, {prod(first)});\n"
        body = declaration("helium_add_t", "parameters", fields) + call
        return _made(f"helium_{name}", name, body, reason, assertions=ADD_ASSERTIONS)
    if add.dtype != "int8":
        return Rejection("only int8 is broadcast")
    body = _broadcast("helium_add_broadcast_s8", "helium_add_t", fields, first, second)
    return _made("helium_add_broadcast_s8", "add_broadcast_s8", body, reason, assertions=ADD_ASSERTIONS)


def _multiply(operator: IntegerMultiply, first: Shape, second: Shape) -> Kernel | Rejection:
    r = operator.requantisation
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
    name, c_type = "elementwise_multiply_s8", "helium_elementwise_multiply_t"
    body = _broadcast(f"helium_{name}", c_type, fields, first, second)
    return _made(f"helium_{name}", name, body, "16 products at a time")


def _extremum(operator: IntegerExtremum, first: Shape, second: Shape) -> Kernel | Rejection:
    if max(operator.shifts) > -1:
        return Rejection("an operand's scale is too large for the output's")
    addends = [
        {"zero_point": zero_point, "left_shift": LEFT_SHIFT, "multiplier": multiplier, "shift": right_shift(shift)}
        for zero_point, multiplier, shift in zip(
            operator.zero_points, operator.multipliers, operator.shifts, strict=True
        )
    ]
    fields = {"first": addends[0], "second": addends[1], "zero_point": operator.output_zero_point}
    name = f"helium_{operator.kind}_s8"
    body = _broadcast(name, "helium_extremum_t", fields, first, second)
    assertions = (f"HELIUM_ADDEND_SHIFT == {LEFT_SHIFT}",)
    return _made(name, "extremum_s8", body, "16 comparisons at a time", assertions=assertions)


def _divide(operator: IntegerDivide, first: Shape, second: Shape) -> Kernel:
    fields = {
        "reciprocals": "$reciprocals",
        "numerator_zero_point": operator.zero_point,
        "zero_point": operator.output_zero_point,
    }
    name = "helium_divide_exchanged_s8" if operator.exchanged else "helium_divide_s8"
    body = _broadcast(name, "helium_divide_t", fields, first, second)
    constants = (reciprocals_constant(operator.reciprocals),)
    assertions = (f"HELIUM_RECIPROCAL_BITS == {FRACTION_BITS}",)
    return _made(name, "divide_s8", body, "16 quotients at a time", constants, assertions)


def _broadcast(function: str, c_type: str, fields: Mapping[str, object], first: Shape, second: Shape) -> str:
    """The C that calls a kernel which takes a helium_broadcast_t."""
    return declaration(c_type, "parameters", fields) + broadcast_of(first, second).body(function)


def _made(
    name: str,
    file: str,
    body: str,
    reason: str,
    constants: tuple[Constant, ...] = (),
    assertions: tuple[str, ...] = (),
) -> Kernel:
    """file: of the kernel, without its ending."""
    return Kernel(
        name=name,
        backend="helium",
        reason=reason,
        body=body,
        constants=constants,
        header=f"{file}.h",
        sources=(f"app/runtime/helium/{file}.c",),
        assertions=assertions,
        overwrites_input=True,
    )
