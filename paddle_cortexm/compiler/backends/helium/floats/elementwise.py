"""Addition, multiplication and activations of floats: app/runtime/helium/elementwise_f32.c and elementwise_f16.c."""

from __future__ import annotations

from paddle_cortexm.compiler.backends.helium.floats.packing import activation_fields, activation_rejection
from paddle_cortexm.compiler.backends.helium.parts.float_type import float_type
from paddle_cortexm.compiler.backends.helium.parts.structs import declaration
from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.kernels.kernel import Kernel, Rejection
from paddle_cortexm.compiler.operators.elementwise.activation import Activation
from paddle_cortexm.compiler.operators.elementwise.add import Add
from paddle_cortexm.compiler.operators.elementwise.multiply import Multiply
from paddle_cortexm.compiler.operators.parts.clamp import OPEN


def select(graph: Graph, layer: Layer) -> Kernel | Rejection:
    """The kernel of an Add, Multiply or Activation."""
    first, operator = graph.inputs_of(layer)[0], layer.operator
    row = first.shape[-2] * first.shape[-1]
    if isinstance(operator, Multiply):
        return _multiply(graph, layer)
    if isinstance(operator, Activation):
        rejection = activation_rejection(operator)
        if rejection is not None:
            return rejection
        activation = declaration("helium_activation_t", "activation", activation_fields(OPEN, operator))
        call = "activate_{suffix}(&activation, {first}, output, {count})"
        return _kernel(graph, layer, activation, call, first.elements, row)
    assert isinstance(operator, Add)
    if first.shape != graph.inputs_of(layer)[1].shape:
        return Rejection("the addition's shapes differ")
    activation = declaration("helium_activation_t", "activation", activation_fields(operator.clamp))
    call = "add_{suffix}(&activation, {first}, {second}, output, {count})"
    return _kernel(graph, layer, activation, call, first.elements, row)


def _multiply(graph: Graph, layer: Layer) -> Kernel | Rejection:
    first, second = graph.inputs_of(layer)
    channels = first.shape[-1]
    if second.shape == first.shape:
        call = "multiply_{suffix}({first}, {second}, output, {count}, 1)"
        return _kernel(graph, layer, "", call, first.elements, first.shape[-2] * channels)
    if second.shape != (1, 1, 1, channels):
        return Rejection("the second factor is neither of the first's shape nor (1, 1, 1, C)")
    call = f"multiply_{{suffix}}({{first}}, {{second}}, output, {{count}}, {first.elements // channels})"
    # A broadcast factor is no row of input1, and only whole after the layer that averages this very tensor.
    return _kernel(graph, layer, "", call, channels, None)


def _kernel(graph: Graph, layer: Layer, declaration: str, call: str, count: int, row: int | None) -> Kernel:
    """count: elements of one call for the whole layer; row: of one for a row, None where there are no rows."""
    kind = float_type(graph.output_of(layer))

    def body(first: str, second: str, elements: int) -> str:
        words = {"suffix": kind.suffix, "first": first, "second": second, "count": elements}
        return f"{declaration}    helium_{call.format(**words)};\n"

    return Kernel(
        name=f"helium_{call.split('_')[0]}_{kind.suffix}",
        backend="helium",
        reason=f"{kind.lanes} elements at a time",
        body=body("input0", "input1", count),
        header=kind.header,
        sources=(kind.source("elementwise"),),
        overwrites_input=True,
        row_body=None if row is None else body("rows[0]", "residual", row),
    )
