"""PReLU: app/runtime/helium/prelu_s8.c, and for floats curves_f32.c and curves_f16.c."""

from __future__ import annotations

import numpy as np

from paddle_cortexm.compiler.backends.helium.parts.float_type import float_type
from paddle_cortexm.compiler.backends.helium.parts.requantisation import split_shift
from paddle_cortexm.compiler.backends.helium.parts.structs import declaration
from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.kernels.kernel import Constant, Kernel, Rejection
from paddle_cortexm.compiler.operators.elementwise.prelu import PRELU_SHIFT, IntegerPRelu, PRelu


def select(graph: Graph, layer: Layer) -> Kernel | Rejection:
    """The kernel of a PRelu or IntegerPRelu."""
    if isinstance(layer.operator, PRelu):
        return _floats(graph, layer, layer.operator)
    assert isinstance(layer.operator, IntegerPRelu)
    return _integers(graph, layer, layer.operator)


def _integers(graph: Graph, layer: Layer, operator: IntegerPRelu) -> Kernel | Rejection:
    output, above, below = graph.output_of(layer), operator.above, operator.below
    left, shift = split_shift(int(above.multiplier[0]), int(above.shift[0]))
    pairs = [split_shift(int(m), int(e)) for m, e in zip(below.multiplier, below.shift, strict=True)]
    if left or any(more for more, _ in pairs):
        return Rejection(f"a step of the input is more than 2^{PRELU_SHIFT} of the output's")
    channels = output.shape[-1]
    fields = {
        "below_multiplier": "$multiplier",
        "below_shift": "$shift",
        "channels": channels,
        "input_zero_point": operator.zero_point,
        "multiplier": int(above.multiplier[0]),
        "shift": shift,
        "zero_point": above.output_zero_point,
    }
    parameters = declaration("helium_prelu_t", "parameters", fields)
    call = "    helium_prelu_s8(&parameters, {source}, output, {pixels});\n"
    return Kernel(
        name="helium_prelu_s8",
        backend="helium",
        reason="4 channels at a time",
        body=parameters + call.format(source="input0", pixels=output.elements // channels),
        constants=(
            Constant("multiplier", below.multiplier, "hot"),
            Constant("shift", np.array([right for _, right in pairs], np.int32), "hot"),
        ),
        header="prelu_s8.h",
        assertions=(f"HELIUM_PRELU_SHIFT == {PRELU_SHIFT}",),
        sources=("app/runtime/helium/prelu_s8.c",),
        overwrites_input=True,
        row_body=parameters + call.format(source="rows[0]", pixels=output.shape[-2]),
    )


def _floats(graph: Graph, layer: Layer, operator: PRelu) -> Kernel:
    output = graph.output_of(layer)
    kind, channels = float_type(output), output.shape[-1]
    call = f"    helium_prelu_{kind.suffix}({{source}}, output, $slopes, {channels}, {{pixels}});\n"
    return Kernel(
        name=f"helium_prelu_{kind.suffix}",
        backend="helium",
        reason="4 elements at a time, in float32",
        body=call.format(source="input0", pixels=output.elements // channels),
        constants=(Constant("slopes", operator.slopes.astype(kind.dtype), "hot"),),
        header=kind.header,
        sources=(kind.source("curves"),),
        overwrites_input=True,
        row_body=call.format(source="rows[0]", pixels=output.shape[-2]),
    )
