"""Random shapes, strides and paddings: many layers in one start of QEMU."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.compiler.backends.helium.conftest import RunOnHelium, RunOnHost
from tests.compiler.backends.helium.examples.int8_cases import Expected
from tests.compiler.backends.helium.examples.random_shapes import (
    Shape,
    batches,
    depthwise_layers,
    few,
    float_cases,
    integer_layers,
)


@few
@given(batches)
def test_integer_convolutions(run_on_helium: RunOnHelium, run_on_host: RunOnHost, batch: list[Shape]) -> None:
    check_integers(run_on_helium, run_on_host, [layer for shape in batch for layer in integer_layers(shape)])


@few
@given(batches)
def test_integer_depthwise_convolutions(run_on_helium: RunOnHelium, run_on_host: RunOnHost, batch: list[Shape]) -> None:
    check_integers(run_on_helium, run_on_host, [layer for shape in batch for layer in depthwise_layers(shape)])


def check_integers(run_on_helium: RunOnHelium, run_on_host: RunOnHost, layers: list[Expected]) -> None:
    """Also with inputs where memory starts and constants where it ends."""
    cases = [case for case, _ in layers]
    guarded = [replace(case, guarded=True) for case in cases]
    for results in (run_on_host(cases), run_on_helium(cases), run_on_helium(guarded)):
        for result, (case, expected) in zip(results, layers, strict=True):
            assert np.array_equal(result.output, expected), case.kernel.name


@few
@given(batches, st.sampled_from(("float32", "float16")))
def test_float_kernels(run_on_helium: RunOnHelium, run_on_host: RunOnHost, batch: list[Shape], dtype: str) -> None:
    """Bits of the portable C, also with inputs where memory starts and constants where it ends."""
    cases = [case for shape in batch for case in float_cases(shape, dtype)]
    expected = run_on_host(cases)
    for results in (run_on_helium(cases), run_on_helium([replace(case, guarded=True) for case in cases])):
        for case, ours, theirs in zip(cases, results, expected, strict=True):
            assert ours.output.tobytes() == theirs.output.tobytes(), case.kernel.name
