"""Curved activations of floats: app/runtime/helium/curves_f32.c and curves_f16.c.

A curve costs tens of instructions a vector, so nothing is gained by computing it inside of a kernel's loops: behind a
convolution it is a call of its own, in place over what the kernel has just written, a row or the whole layer.
"""

from __future__ import annotations

from dataclasses import replace

from paddle_cortexm.compiler.backends.helium.floats.packing import helium_form
from paddle_cortexm.compiler.backends.helium.parts.float_type import FloatType
from paddle_cortexm.compiler.c_text import float_literal
from paddle_cortexm.compiler.kernels.kernel import Kernel
from paddle_cortexm.compiler.operators.elementwise.activation import Activation
from paddle_cortexm.compiler.operators.parts.activation_row import HeliumCurve
from paddle_cortexm.compiler.tensor import Tensor


def curve_call(curve: HeliumCurve, kind: FloatType, source: str, count: int) -> str:
    """The C that computes a curve of `count` elements; source may be "output"."""
    arguments = ", ".join([source, "output", str(count), *map(float_literal, curve.arguments)])
    return f"    helium_{curve.function}_{kind.suffix}({arguments});\n"


def curve_of(activation: Activation | None) -> HeliumCurve | None:
    """The curve of an activation that is one."""
    form = None if activation is None else helium_form(activation)
    return form if isinstance(form, HeliumCurve) else None


def with_curve(kernel: Kernel, activation: Activation | None, kind: FloatType, result: Tensor) -> Kernel:
    """The kernel and its curve behind it; the kernel itself where the activation is none, which it computes."""
    curve = curve_of(activation)
    if curve is None:
        return kernel
    assert kernel.rows_body is None, "a curve is computed of one row"
    row = curve_call(curve, kind, "output", result.shape[2] * result.shape[3])
    return replace(
        kernel,
        body=kernel.body + curve_call(curve, kind, "output", result.elements),
        row_body=None if kernel.row_body is None else kernel.row_body + row,
        sources=(*kernel.sources, kind.source("curves")),
    )
