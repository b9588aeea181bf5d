"""The table of activations: the rows' entries agree with each other, and an unknown kind is an error."""

from __future__ import annotations

import numpy as np
import paddle
import pytest

from paddle_cortexm.compiler.operators.elementwise.activation import Activation
from paddle_cortexm.compiler.operators.parts.activation_kinds import (
    ACTIVATION_KINDS,
    ActivationKind,
    HeliumRamp,
    activation_kind,
)
from paddle_cortexm.errors import UserError
from paddle_cortexm.paths import REPOSITORY

FLOAT_TYPE = REPOSITORY / "app" / "runtime" / "helium" / "float_type.h"
SLOPE, OFFSET = 0.2, 0.4
X = np.linspace(-10, 10, 20001)
each_kind = pytest.mark.parametrize("row", ACTIVATION_KINDS, ids=lambda row: row.name)


@each_kind
def test_results_are_producible(row: ActivationKind) -> None:
    y = row.values(X, SLOPE, OFFSET)
    assert y.min() >= row.producible[0] - 1e-9 and y.max() <= row.producible[1] + 1e-9


@each_kind
@pytest.mark.parametrize("largest", [None, 0.5, 2.0, 5.0])
def test_inputs_outside_the_distinguishable_are_one(row: ActivationKind, largest: float | None) -> None:
    result = None if largest is None else (row.producible[0], largest)
    saturated = np.minimum(row.values(X, SLOPE, OFFSET), np.inf if largest is None else largest)
    low, high = row.distinguishable(result, SLOPE, OFFSET)
    within = np.minimum(row.values(np.clip(X, low, high), SLOPE, OFFSET), np.inf if largest is None else largest)
    np.testing.assert_allclose(within, saturated, atol=1e-9)


@each_kind
def test_paddle_computes_the_same(row: ActivationKind) -> None:
    x = paddle.to_tensor(X.astype(np.float32))
    theirs = row.paddle(paddle.nn.functional, x, SLOPE, OFFSET).numpy()
    np.testing.assert_allclose(theirs, row.values(X, SLOPE, OFFSET), atol=1e-5)


@each_kind
def test_the_float_kernels_know_the_enumerator(row: ActivationKind) -> None:
    form = row.helium(SLOPE, OFFSET) if row.helium is not None else None
    if isinstance(form, HeliumRamp):
        assert f"    {form.enumerator}," in FLOAT_TYPE.read_text()


def test_an_unknown_kind_names_the_nearest() -> None:
    for make in (Activation, activation_kind):
        with pytest.raises(UserError, match=r"activation 'hard_swihs' is not known \(did you mean 'hard_swish'\?\)"):
            make("hard_swihs")
