"""Elementwise addition and multiplication: app/helium/add_s8.c and elementwise_multiply_s8.c."""

from __future__ import annotations

from paddle_cortexm.compiler.backends.base import Kernel, Rejection, c_template
from paddle_cortexm.compiler.backends.helium.requantisation import LARGEST_LEFT_SHIFT, split_shift
from paddle_cortexm.compiler.graph import Graph, IntegerAdd, IntegerMultiply, Layer


def select(graph: Graph, layer: Layer) -> Kernel | Rejection:
    """The kernel of an IntegerAdd or IntegerMultiply."""
    if isinstance(layer.operator, IntegerAdd):
        return _add(graph, layer, layer.operator)
    assert isinstance(layer.operator, IntegerMultiply)
    return _multiply(graph, layer, layer.operator)


def add_initialiser(add: IntegerAdd) -> str | None:
    """C initialiser of a helium_add_t, or None when an operand would need a left shift of more than 22."""
    addends = []
    for i in range(2):
        left, shift = split_shift(add.multipliers[i], add.shifts[i])
        left += add.left_shift if add.multipliers[i] else 0
        if left > LARGEST_LEFT_SHIFT:
            return None
        addends.append(f"{{{add.zero_points[i]}, {left}, {add.multipliers[i]}, {shift}}}")
    left, shift = split_shift(add.multipliers[2], add.shifts[2])
    result = f"{left}, {add.multipliers[2]}, {shift}, {add.output_zero_point}, {add.minimum}, {add.maximum}"
    return f"{{{', '.join(addends)}, {result}}}"


def _add(graph: Graph, layer: Layer, add: IntegerAdd) -> Kernel | Rejection:
    first, second = graph.inputs_of(layer)
    if first.shape != second.shape:
        return Rejection("the addition's shapes differ")
    initialiser = add_initialiser(add)
    if initialiser is None:
        return Rejection(f"an operand's scale needs a left shift of more than {LARGEST_LEFT_SHIFT}")
    parameters = f"    static const helium_add_t parameters = {initialiser};\n"
    row = first.shape[-2] * first.shape[-1]
    return Kernel(
        name="helium_add_s8",
        backend="helium",
        reason="16 sums at a time",
        body=c_template(parameters + f"    helium_add_s8(&parameters, input0, input1, output, {first.elements});\n"),
        header="add_s8.h",
        sources=("app/helium/add_s8.c",),
        overwrites_input=True,
        row_body=c_template(parameters + f"    helium_add_s8(&parameters, rows[0], residual, output, {row});\n"),
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
    first_zero, second_zero = operator.zero_points
    values = f"{first_zero}, {second_zero}, {left}, {int(r.multiplier[0])}, {shift}"
    values += f", {r.output_zero_point}, {r.minimum}, {r.maximum}"
    parameters = f"    static const helium_elementwise_multiply_t parameters = {{{values}}};\n"
    call = "    helium_elementwise_multiply_s8(&parameters, {source}, output, {count}, {repeats});\n"
    count = channels if broadcast else first.elements
    repeats = first.elements // count
    row = first.shape[-2] * channels
    return Kernel(
        name="helium_elementwise_multiply_s8",
        backend="helium",
        reason="16 products at a time" + (", second factor per channel" if broadcast else ""),
        body=c_template(parameters + call.format(source="input0, input1", count=count, repeats=repeats)),
        header="elementwise_multiply_s8.h",
        sources=("app/helium/elementwise_multiply_s8.c",),
        overwrites_input=True,
        # A broadcast factor is no row of input1, and only whole after the layer that averages this very tensor.
        row_body=None
        if broadcast
        else c_template(parameters + call.format(source="rows[0], residual", count=row, repeats=1)),
    )
