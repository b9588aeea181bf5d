"""The table of activations: the rows' entries agree with each other, and an unknown kind is an error."""

from __future__ import annotations

import numpy as np
import paddle
import pytest

from paddle_cortexm.compiler.operators.elementwise.activation import Activation
from paddle_cortexm.compiler.operators.parts.activation_kinds import ACTIVATION_KINDS, activation_kind
from paddle_cortexm.compiler.operators.parts.activation_row import HeliumCurve, HeliumRamp, Parameters
from paddle_cortexm.compiler.tensor import Grid
from paddle_cortexm.errors import UserError
from paddle_cortexm.paths import REPOSITORY

HELIUM = REPOSITORY / "app" / "runtime" / "helium"
X = np.linspace(-10, 10, 20001)
OTHERS: dict[str, tuple[Parameters, ...]] = {  # than the defaults
    "clip": ({"low": -2.0, "high": 0.5}, {"low": 0.0, "high": 4.0}),
    "leaky_relu": ({"alpha": 0.2}, {"alpha": -0.1}),
    "thresholded_relu": ({"threshold": 0.5, "value": -1.0}, {"threshold": -1.0, "value": 0.0}),
    "hard_swish": (
        {"threshold": 5.0, "scale": 4.0, "offset": 2.0},
        {"threshold": 2.0, "scale": 6.0, "offset": 5.0},
        {"threshold": 3.0, "scale": 6.0, "offset": 0.0},
    ),
    "hard_sigmoid": ({"slope": 0.2, "offset": 0.4},),
    "swish": ({"beta": 1.702}, {"beta": -0.5}, {"beta": 0.0}),
    "elu": ({"alpha": 0.5, "scale": 1.0}, {"alpha": 1.6732632, "scale": 1.0507009}, {"alpha": -0.5, "scale": 1.0}),
    "softplus": ({"beta": 2.0, "threshold": 16.0}, {"beta": 0.5, "threshold": 2.0}),
    "pow": ({"exponent": 3.0}, {"exponent": -0.5}, {"exponent": 0.7}),
}
CASES = [Activation(row.name, p) for row in ACTIVATION_KINDS for p in ({}, *OTHERS.get(row.name, ()))]
each_case = pytest.mark.parametrize(
    "activation", CASES, ids=lambda a: "-".join([a.kind, *map(str, a.parameters.values())])
)


def test_a_kind_with_parameters_is_tested_with_others_than_the_usual() -> None:
    assert OTHERS.keys() == {row.name for row in ACTIVATION_KINDS if row.defaults}


@each_case
def test_results_are_producible(activation: Activation) -> None:
    y, (low, high) = activation.values(X), activation.producible
    assert np.nanmin(y) >= low - 1e-9 and np.nanmax(y) <= high + 1e-9


@pytest.mark.parametrize(
    "activation", [a for a in CASES if a.kind in ("swish", "gelu", "gelu_tanh", "mish", "hard_swish")]
)
def test_the_least_result_is_reached(activation: Activation) -> None:
    x = np.linspace(-20, 20, 400001)
    low = activation.producible[0]
    assert low == -np.inf or activation.values(x).min() == pytest.approx(low, abs=1e-8)


@each_case
@pytest.mark.parametrize("largest", [None, 0.5, 2.0, 5.0])
def test_inputs_outside_the_distinguishable_are_one(activation: Activation, largest: float | None) -> None:
    result = None if largest is None else (activation.producible[0], largest)
    top = np.inf if largest is None else largest
    y = activation.values(X)
    within = activation.values(np.clip(X, *activation.distinguishable(result)))
    has_result = ~np.isnan(y)
    np.testing.assert_allclose(np.minimum(within, top)[has_result], np.minimum(y, top)[has_result], atol=1e-9)


@each_case
def test_paddle_computes_the_same(activation: Activation) -> None:
    x = paddle.to_tensor(X.astype(np.float32))
    theirs = activation_kind(activation.kind).paddle(paddle.nn.functional, x, activation.parameters).numpy()
    ours = activation.values(X.astype(np.float32).astype(np.float64))
    np.testing.assert_allclose(theirs, ours, rtol=3e-6, atol=1e-5)


@each_case
def test_a_table_has_the_answer_for_every_step(activation: Activation) -> None:
    source, result = Grid(0.05, 3), Grid(0.04, -20)
    table = activation.integer([source], result).table
    for q in (-128, -60, 3, 4, 50, 127):
        answer = activation.values(np.array([source.scale * (q - source.zero_point)]))[0]
        expected = round(min(max(answer / result.scale, -1000), 1000)) if answer == answer else 0
        assert table[q + 128] == np.clip(expected + result.zero_point, -128, 127), q


@each_case
def test_the_float_kernels_have_the_form(activation: Activation) -> None:
    form = activation_kind(activation.kind).helium(activation.parameters)
    if isinstance(form, HeliumRamp):
        assert f"    {form.enumerator}," in (HELIUM / "float_type.h").read_text()
    if isinstance(form, HeliumCurve):
        assert f"HELIUM_FLOAT(helium_{form.function})(" in (HELIUM / "curves_float.h").read_text()


def test_a_parameter_that_the_kind_does_not_have_is_an_error() -> None:
    with pytest.raises(AssertionError, match="swish has no alpha"):
        Activation("swish", {"alpha": 1.0})


def test_an_unknown_kind_names_the_nearest() -> None:
    for make in (Activation, activation_kind):
        with pytest.raises(UserError, match=r"activation 'hard_swihs' is not known \(did you mean 'hard_swish'\?\)"):
            make("hard_swihs")
