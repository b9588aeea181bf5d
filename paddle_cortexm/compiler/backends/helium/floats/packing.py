"""Constants of the float kernels as app/runtime/helium/conv2d_float.h and depthwise_float.h lay them out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.backends.helium.parts.float_type import FloatType, float_type
from paddle_cortexm.compiler.c_text import float_literal
from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.kernels.kernel import Rejection
from paddle_cortexm.compiler.operators.elementwise.activation import Activation
from paddle_cortexm.compiler.operators.elementwise.add import Add
from paddle_cortexm.compiler.operators.parts.activation_kinds import activation_kind
from paddle_cortexm.compiler.operators.parts.activation_row import HeliumClamp, HeliumCurve, HeliumForm, HeliumRamp
from paddle_cortexm.compiler.operators.parts.clamp import OPEN, Clamp
from paddle_cortexm.compiler.operators.weights.weighted import Weighted


def packed_vectors(values: NDArray[np.floating], kind: FloatType) -> NDArray[np.floating]:
    """(channels, n) -> (vectors of channels, n, lanes), zeros in the last vector's missing channels."""
    channels, depth = values.shape
    padded = np.zeros((-(-channels // kind.lanes) * kind.lanes, depth), kind.dtype)
    padded[:channels] = values
    return np.ascontiguousarray(padded.reshape(-1, kind.lanes, depth).transpose(0, 2, 1))


def packed_matrix(weight: NDArray[np.floating], kind: FloatType) -> NDArray[np.floating]:
    """Weights (channels, depth) in runs of vectors of channels, the vectors that are left at the end one by one; of a
    run the weights for the first k, then for the second, and so on."""
    vectors = packed_vectors(weight, kind)
    in_runs = len(vectors) // kind.run * kind.run
    runs = vectors[:in_runs].reshape(-1, kind.run, *vectors.shape[1:]).transpose(0, 2, 1, 3)
    return np.concatenate([runs.reshape(-1), vectors[in_runs:].reshape(-1)])


def packed_bias(bias: NDArray[np.floating], kind: FloatType) -> NDArray[np.floating]:
    """The bias, zeros up to whole vectors."""
    return np.pad(bias, (0, -len(bias) % kind.lanes)).astype(kind.dtype)


def weighted_rejection(graph: Graph, layer: Layer) -> Rejection | None:
    """Why the float kernels do not take a convolution or fully connected layer, or None."""
    operator = layer.operator
    assert isinstance(operator, Weighted)
    kind = float_type(graph.output_of(layer))
    limit = float(np.finfo(kind.dtype).max)
    if max(np.abs(operator.weight).max(), np.abs(operator.bias).max()) > limit:
        return Rejection(f"a weight or bias of more than {limit:g}, the largest {kind.dtype}")
    if operator.clamp != OPEN and operator.epilogue.activation is not None:
        return Rejection("the float kernels have one activation, not two")
    return activation_rejection(operator.epilogue.activation)


def activation_rejection(activation: Activation | None) -> Rejection | None:
    """Why the float kernels cannot compute an activation, or None."""
    if activation is not None and activation_kind(activation.kind).helium(activation.parameters) is None:
        return Rejection(f"the float kernels have no {activation.kind}")
    return None


def activation_fields(clamp: Clamp, activation: Activation | None = None) -> dict[str, str]:
    """The fields of helium_activation_t: a clamp, or an activation that `activation_rejection` lets pass; a curve is
    computed after the kernel, by a call of its own."""
    form = HeliumClamp(*clamp) if activation is None else helium_form(activation)
    if isinstance(form, HeliumCurve):
        return {"kind": "HELIUM_LINEAR"}
    if isinstance(form, HeliumRamp):
        numbers = {"slope": form.slope, "offset": form.offset, "high": form.high}
        return {"kind": form.enumerator, **{name: float_literal(value) for name, value in numbers.items()}}
    if form == HeliumClamp(None, None):
        return {"kind": "HELIUM_LINEAR"}
    low, high = _ends((form.low, form.high))
    return {"kind": "HELIUM_CLAMP", "low": low, "high": high}


def sum_fields(add: Add | None) -> dict[str, str]:
    """The clamp behind a residual, or an open one."""
    low, high = _ends(OPEN if add is None else add.clamp)
    return {"sum_low": low, "sum_high": high}


def _ends(clamp: Clamp) -> tuple[str, str]:
    low, high = clamp
    return float_literal(-np.inf if low is None else low), float_literal(np.inf if high is None else high)


def helium_form(activation: Activation) -> HeliumForm:
    """How the float kernels compute an activation that `activation_rejection` lets pass."""
    form = activation_kind(activation.kind).helium(activation.parameters)
    assert form is not None, f"the float kernels have no {activation.kind}"
    return form
