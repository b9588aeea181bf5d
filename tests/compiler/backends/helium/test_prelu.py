"""PReLU: Helium gives the bits of portable C, and that the reference's, which rounds what numpy computes once."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from paddle_cortexm.compiler.backends.helium import prelu
from paddle_cortexm.compiler.kernels.kernel import Rejection
from paddle_cortexm.compiler.operators.elementwise.prelu import IntegerPRelu, PRelu
from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.compiler.tensor import Grid
from tests.compiler.backends.helium.conftest import RunOnHelium, RunOnHost
from tests.compiler.backends.helium.examples.float_layers import FloatExample, Maker
from tests.compiler.backends.helium.examples.int8_cases import expected_of, int8, layer_of
from tests.compiler.backends.helium.rig.cases import Rows

GRIDS = [(Grid(0.05, -20), Grid(0.03, 11)), (Grid(0.01, 127), Grid(2.0, -128)), (Grid(0.8, -128), Grid(0.002, 3))]


def slopes(channels: int, seed: int = 0) -> NDArray[np.float32]:
    """Some are negative, one is 0."""
    values = np.random.default_rng(seed).normal(0, 0.4, channels).astype(np.float32)
    values[channels // 2] = 0
    return values


@pytest.mark.parametrize(("source", "result"), GRIDS)
def test_the_integers_are_the_rounded_floats(source: Grid, result: Grid) -> None:
    operator = PRelu(slopes(7))
    x = np.repeat(np.arange(-128, 128)[:, None], 7, 1).astype(np.int8)
    exact = operator.evaluate([(x.astype(np.float64) - source.zero_point) * source.scale]) / result.scale
    wanted = np.clip(exact.astype(np.float64) + result.zero_point, -128, 127)
    assert np.abs(operator.integer([source], result).evaluate([x]) - wanted).max() <= 0.5 + 1e-4


def test_int8_kernels_give_the_references_bits(run_on_helium: RunOnHelium, run_on_host: RunOnHost) -> None:
    random, made = np.random.default_rng(1), []
    for channels in (1, 4, 7, 16, 21):
        for source, result in GRIDS:
            operator, x = PRelu(slopes(channels)).integer([source], result), int8(random, 1, 3, 5, channels)
            made += [expected_of(prelu.select, operator, (x,), rows) for rows in (None, Rows(Window()))]
    cases = [case for case, _ in made]
    for (_, wanted), ours, theirs in zip(made, run_on_helium(cases), run_on_host(cases), strict=True):
        np.testing.assert_array_equal(theirs.output, wanted)
        np.testing.assert_array_equal(ours.output, wanted)


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_float_kernels_give_the_same_bits(dtype: str, run_on_helium: RunOnHelium, run_on_host: RunOnHost) -> None:
    m = Maker(dtype)
    made = [FloatExample(PRelu(slopes(c).astype(dtype)), (m.values(1, 3, 5, c),)) for c in (1, 4, 7, 21)]  # type: ignore[arg-type]
    cases = [example.case() for example in made]
    for example, ours, theirs in zip(made, run_on_helium(cases), run_on_host(cases), strict=True):
        assert ours.output.tobytes() == theirs.output.tobytes()
        np.testing.assert_array_equal(theirs.output, example.expected.astype(dtype))


def test_a_scale_beyond_the_shift_is_refused() -> None:
    operator = PRelu(np.ones(4, np.float32)).integer([Grid(1e7, 0)], Grid(1.0, 0))
    assert isinstance(operator, IntegerPRelu)
    answer = prelu.select(*layer_of(operator, ((1, 2, 2, 4),), (1, 2, 2, 4)))
    assert isinstance(answer, Rejection) and "2^20" in answer.reason
