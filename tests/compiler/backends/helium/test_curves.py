"""The float kernels' curved activations: Helium gives the same bits as portable C, and both the function."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from paddle_cortexm.compiler.kernels.kernel import Rejection
from paddle_cortexm.compiler.operators.elementwise.activation import Activation
from paddle_cortexm.compiler.operators.elementwise.add import Add
from paddle_cortexm.compiler.operators.parts.activation_kinds import ACTIVATION_KINDS
from paddle_cortexm.compiler.operators.parts.activation_row import HeliumCurve
from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.compiler.operators.weights.weighted import FloatEpilogue
from tests.compiler.backends.helium.conftest import RunOnHelium, RunOnHost
from tests.compiler.backends.helium.examples.float_layers import FloatExample, Floats, Maker, square

PRECISIONS = ("float32", "float16")
each_precision = pytest.mark.parametrize("dtype", PRECISIONS)


@dataclass(frozen=True)
class Bound:
    """Largest error in float32: the relative one, or where that is larger the absolute one."""

    relative: float
    absolute: float = 1e-30


BOUNDS = {
    Activation("abs"): Bound(0.0),
    Activation("square"): Bound(6e-8),
    Activation("leaky_relu"): Bound(1.2e-7),
    Activation("leaky_relu", {"alpha": -0.3}): Bound(1.2e-7),
    Activation("sigmoid"): Bound(3e-7),
    Activation("swish"): Bound(3e-7),
    Activation("swish", {"beta": 1.702}): Bound(3e-7, 3e-8),
    Activation("tanh"): Bound(3e-7),
    Activation("gelu"): Bound(3e-7, 3e-8),
    Activation("gelu_tanh"): Bound(5e-7, 3e-8),
    Activation("elu"): Bound(3e-7),
    Activation("elu", {"alpha": 1.6732632, "scale": 1.0507009}): Bound(3e-7),
    Activation("mish"): Bound(3e-7),
    Activation("softplus"): Bound(3e-7),
    Activation("softplus", {"beta": 2.5}): Bound(3e-7, 3e-8),
}
SQRT = Activation("sqrt")


def samples(activation: Activation, dtype: str) -> FloatExample:
    """Where curves bend, far beyond, and near 0."""
    parts = [np.linspace(-12, 12, 301), np.linspace(-90, 90, 61), np.geomspace(1e-6, 1, 30)]
    x = np.concatenate([*parts, -parts[2], [0.0, -0.0, 1e4, -1e4]])
    x = np.abs(x) if activation == SQRT else x
    return FloatExample(activation, (x.astype(dtype).reshape(1, 1, 1, -1),))


@each_precision
def test_portable_c_is_within_the_bound_and_helium_gives_its_bits(
    dtype: str, run_on_helium: RunOnHelium, run_on_host: RunOnHost
) -> None:
    made = [samples(activation, dtype) for activation in (*BOUNDS, SQRT)]
    cases = [example.case() for example in made]
    for example, ours, theirs in zip(made, run_on_helium(cases), run_on_host(cases), strict=True):
        activation = example.operator
        assert isinstance(activation, Activation)
        assert ours.output.tobytes() == theirs.output.tobytes(), activation
        exact = activation.values(example.inputs[0].astype(np.float64))
        bound = BOUNDS.get(activation, Bound(6e-8))
        allowed = np.maximum(bound.relative * np.abs(exact), bound.absolute)
        error = np.abs(theirs.output.astype(np.float64) - exact)
        if dtype == "float16":  # rounded once: half a unit in the last place, and what float32 lost
            is_finite = np.abs(exact) < np.finfo(np.float16).max
            exact, allowed, error = exact[is_finite], allowed[is_finite], error[is_finite]
            allowed += 0.5 * np.spacing(np.abs(exact).astype(np.float16)).astype(np.float64)
        assert (error <= allowed).all(), (activation, (error / np.maximum(allowed, 1e-300)).max())


@each_precision
def test_a_curve_behind_a_convolution_gives_the_bits_of_the_two_apart(
    dtype: str, run_on_helium: RunOnHelium, run_on_host: RunOnHost
) -> None:
    m, swish = Maker(dtype), Activation("swish", {"beta": 1.5})
    fused = [
        m.convolution((3, 5), (8, 20), Window(), epilogue=FloatEpilogue(swish)),
        m.convolution((3, 5), (8, 20), Window(), epilogue=FloatEpilogue(swish, Add())),
        m.convolution((6, 7), (3, 9), square(3, 2), epilogue=FloatEpilogue(Activation("gelu"))),
        m.convolution((4, 3), (5, 6), square(3), epilogue=FloatEpilogue(Activation("mish"), Add())),
        m.depthwise((5, 6), 11, square(3), epilogue=FloatEpilogue(Activation("sigmoid"))),
        m.fully_connected(24, 10, epilogue=FloatEpilogue(Activation("tanh"))),
    ]
    cases = [example.case() for example in fused]
    on_helium, on_host = run_on_helium([*cases, *(x.row_case() for x in fused)]), run_on_host(cases)
    bare = run_on_host([_bare(example).case() for example in fused])
    curves = run_on_host([_curve_of(example, x.output).case() for example, x in zip(fused, bare, strict=True)])
    for i, example in enumerate(fused):
        epilogue = example.operator.epilogue  # type: ignore[attr-defined]
        residual = [] if epilogue.add is None else [example.inputs[1]]
        apart = sum(residual, curves[i].output.reshape(bare[i].output.shape))
        assert on_host[i].output.tobytes() == apart.astype(dtype).tobytes(), example.operator
        assert on_helium[i].output.tobytes() == on_host[i].output.tobytes(), example.operator
        assert on_helium[i + len(fused)].output.tobytes() == on_host[i].output.tobytes(), example.operator


def _bare(example: FloatExample) -> FloatExample:
    return FloatExample(replace(example.operator, epilogue=FloatEpilogue()), example.inputs[:1])  # type: ignore[call-arg]


def _curve_of(example: FloatExample, sums: Floats) -> FloatExample:
    return FloatExample(example.operator.epilogue.activation, (sums,))  # type: ignore[attr-defined]


def test_what_the_kernels_cannot_compute_is_refused() -> None:
    for activation in (Activation("exp"), Activation("softplus", {"threshold": 2.0})):
        answer = samples(activation, "float16").answer()
        assert isinstance(answer, Rejection) and activation.kind in answer.reason


def test_every_curve_has_a_bound() -> None:
    curves = {row.name for row in ACTIVATION_KINDS if isinstance(row.helium(row.defaults), HeliumCurve)}
    assert curves == {activation.kind for activation in (*BOUNDS, SQRT)}
