"""Layers with int16 tensors: Helium == portable C == numpy reference."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddle_cortexm.compiler.backends.helium import wide
from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.kernels.kernel import Rejection
from paddle_cortexm.compiler.operators.parts.base import Integers
from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.compiler.operators.weights.convolution import IntegerConvolution
from tests.compiler.backends.helium.conftest import RunOnHelium, RunOnHost
from tests.compiler.backends.helium.examples.layers import Example, tensor_like
from tests.compiler.backends.helium.examples.random_shapes import few
from tests.compiler.backends.helium.examples.wide_cases import (
    TYPES,
    WINDOWS,
    depthwise,
    examples,
    largest_sums,
    pointwise,
    wide_sum,
)


def check(run_on_helium: RunOnHelium, run_on_host: RunOnHost, layers: list[Example]) -> None:
    """Whole and by rows; on the target also with inputs where memory starts and constants where it ends."""
    cases = [(e, e.case()) for e in layers]
    cases += [(e, e.row_case()) for e in layers if e.kernel().row_body is not None]
    plain = [case for _, case in cases]
    guarded = [replace(case, guarded=True) for case in plain]
    for results in (run_on_host(plain), run_on_helium(plain), run_on_helium(guarded)):
        for result, (e, case) in zip(results, cases, strict=True):
            shapes = f"{e.inputs[0].shape} -> {e.expected.shape}"
            assert np.array_equal(result.output, e.expected), f"{case.kernel.name} {case.rows} {shapes}"


def test_all_kinds_of_layers(run_on_helium: RunOnHelium, run_on_host: RunOnHost) -> None:
    check(run_on_helium, run_on_host, list(examples(np.random.default_rng(5))))


@few
@given(st.integers(0, 2**32 - 1))
def test_random_shapes(run_on_helium: RunOnHelium, run_on_host: RunOnHost, seed: int) -> None:
    random = np.random.default_rng(seed)
    layers = []
    for _ in range(12):
        types = TYPES[random.integers(len(TYPES))]
        depth, channels, height, width = (int(n) for n in random.integers(1, (120, 120, 6, 6)))
        layers += [pointwise(random, types, (depth, channels), (height, width)), wide_sum(random, 1, height, width, 5)]
        layers.append(depthwise(random, WINDOWS[random.integers(len(WINDOWS))], channels, (height, width)))
    check(run_on_helium, run_on_host, layers)


def answer(operator: IntegerConvolution, x: Integers) -> object:
    layer = Layer(operator, ("x",), "y")
    tensors = {"x": tensor_like("x", x), "y": tensor_like("y", operator.evaluate([x]))}
    return wide.select(Graph("test", "x", "y", (layer,), tensors), layer)


def test_sums_that_may_leave_32_bits_are_declined() -> None:
    e = largest_sums()
    assert isinstance(e.operator, IntegerConvolution)
    deeper = replace(e.operator, weight=np.pad(e.operator.weight, ((0, 0), (0, 0), (0, 0), (0, 1)), mode="edge"))
    x = np.pad(e.inputs[0], ((0, 0), (0, 0), (0, 0), (0, 1)))
    assert answer(deeper, x) == Rejection("bias (with the input zero point folded in) and products may exceed 32 bits")


@pytest.mark.parametrize("window", [Window(stride=(2, 2)), Window((3, 3))])
def test_other_windows_are_declined(window: Window) -> None:
    e = pointwise(np.random.default_rng(1), ("int8", "int16"), (8, 8), (5, 5))
    assert isinstance(e.operator, IntegerConvolution)
    weight = np.broadcast_to(e.operator.weight, (8, *window.kernel, 8)).copy()
    made = answer(replace(e.operator, window=window, weight=weight), e.inputs[0])
    assert made == Rejection("with int16 tensors only 1x1 convolutions of stride 1 have a kernel")
