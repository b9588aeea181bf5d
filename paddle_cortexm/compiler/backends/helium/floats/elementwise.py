"""Arithmetic and activations of floats: app/runtime/helium/elementwise_f32.c and elementwise_f16.c."""

from __future__ import annotations

from dataclasses import replace

from paddle_cortexm.compiler.backends.helium.floats.curves import curve_call, curve_of
from paddle_cortexm.compiler.backends.helium.floats.packing import activation_fields, activation_rejection
from paddle_cortexm.compiler.backends.helium.parts.broadcast import broadcast_of, with_constant, with_rows
from paddle_cortexm.compiler.backends.helium.parts.float_type import FloatType, float_type
from paddle_cortexm.compiler.backends.helium.parts.structs import declaration
from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.kernels.kernel import Constant, Kernel, Rejection
from paddle_cortexm.compiler.operators.elementwise.activation import Activation
from paddle_cortexm.compiler.operators.elementwise.add import Add
from paddle_cortexm.compiler.operators.elementwise.binary import WithConstant
from paddle_cortexm.compiler.operators.elementwise.divide import Divide
from paddle_cortexm.compiler.operators.elementwise.extremum import Extremum
from paddle_cortexm.compiler.operators.elementwise.multiply import Multiply
from paddle_cortexm.compiler.operators.elementwise.subtract import Subtract
from paddle_cortexm.compiler.operators.parts.base import Operator
from paddle_cortexm.compiler.operators.parts.clamp import OPEN
from paddle_cortexm.compiler.tensor import Shape


def select(graph: Graph, layer: Layer) -> Kernel | Rejection:
    """The kernel of an operator of two tensors, or of a tensor and a constant."""
    operator, result = layer.operator, graph.output_of(layer)
    first, *others = (tensor.shape for tensor in graph.inputs_of(layer))
    kind = float_type(result)
    if isinstance(operator, WithConstant):
        inner, constant = operator.operator, Constant("operand", operator.constant.astype(kind.dtype))
        return with_constant(lambda a, b: _binary(inner, kind, a, b), first, constant, result.shape)
    return with_rows(lambda a, b: _binary(operator, kind, a, b), first, others[0], result.shape)


def activation(graph: Graph, layer: Layer) -> Kernel | Rejection:
    """The kernel of an Activation."""
    operator, result = layer.operator, graph.output_of(layer)
    assert isinstance(operator, Activation)
    rejection = activation_rejection(operator)
    if rejection is not None:
        return rejection
    kind, row = float_type(result), result.shape[-2] * result.shape[-1]
    curve = curve_of(operator)
    if curve is not None:
        calls = [curve_call(curve, kind, *call) for call in (("input0", result.elements), ("rows[0]", row))]
        return replace(_kernel(curve.function, kind, *calls), sources=(kind.source("curves"),))
    declared = declaration("helium_activation_t", "parameters", activation_fields(OPEN, operator))

    def body(source: str, count: int) -> str:
        return f"{declared}    helium_activate_{kind.suffix}(&parameters, {source}, output, {count});\n"

    return _kernel("activate", kind, body("input0", result.elements), body("rows[0]", row))


def _binary(operator: Operator, kind: FloatType, first: Shape, second: Shape) -> Kernel:
    """The kernel of a whole layer whose result has the first operand's shape."""
    name, clamp = _function(operator), operator.clamp if isinstance(operator, Add | Subtract) else OPEN
    declared = declaration("helium_activation_t", "parameters", activation_fields(clamp))
    return _kernel(name, kind, declared + broadcast_of(first, second).body(f"helium_{name}_{kind.suffix}"))


def _function(operator: Operator) -> str:
    """What C calls the operator."""
    match operator:
        case Add() | Multiply():
            return operator.layer_kind
        case Subtract(exchanged=exchanged) | Divide(exchanged=exchanged):
            return f"{operator.layer_kind}_exchanged" if exchanged else operator.layer_kind
        case Extremum(kind=kind):
            return kind
    raise AssertionError(f"no kernel for {operator.name}")


def _kernel(name: str, kind: FloatType, body: str, row_body: str | None = None) -> Kernel:
    return Kernel(
        name=f"helium_{name}_{kind.suffix}",
        backend="helium",
        reason=f"{kind.lanes} elements at a time",
        body=body,
        header=kind.header,
        sources=(kind.source("elementwise"),),
        overwrites_input=True,
        row_body=row_body,
    )
