"""The host's vector code (app/host/vector) for AArch64 gives the operators' bits, under QEMU's user emulation.

What this machine's own vector unit computes is compared wherever a test runs kernels on the host: see conftest.py.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given

from paddle_cortexm.compiler.backends.helium import elementwise
from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.host.vectors import vector_flags
from tests.compiler.backends.helium.examples.int8_cases import (
    Expected,
    add_layer,
    depthwise_cases,
    depthwise_layer,
    expected_of,
    int8,
    scales,
)
from tests.compiler.backends.helium.examples.layers import Example, bytes_of, saturating_layer
from tests.compiler.backends.helium.examples.random_shapes import Shape, batches, depthwise_layers, few, integer_layers
from tests.compiler.backends.helium.examples.wide_cases import examples
from tests.compiler.backends.helium.rig.runners import AARCH64_GCC, QEMU_AARCH64, run_on_aarch64

NEON = vector_flags("aarch64", ("asimd",))
DOT_PRODUCTS = vector_flags("aarch64", ("asimd", "asimddp"))
Check = Callable[[list[Expected]], None]


@pytest.fixture(params=[NEON, DOT_PRODUCTS], ids=["NEON", "dot products"])
def check(request: pytest.FixtureRequest, tmp_path: Path) -> Check:
    """check(layers): an AArch64 answers what is expected; skips without compiler or emulator."""
    missing = [tool for tool in (AARCH64_GCC, QEMU_AARCH64) if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)} (apt install gcc-aarch64-linux-gnu qemu-user)")

    def run(layers: list[Expected]) -> None:
        results = run_on_aarch64(tmp_path, [case for case, _ in layers], request.param)
        for result, (case, expected) in zip(results, layers, strict=True):
            assert np.array_equal(result.output, expected), case.kernel.name

    return run


@few
@given(batches)
def test_random_layers_are_exact(check: Check, batch: list[Shape]) -> None:
    check([layer for shape in batch for layer in [*integer_layers(shape), *depthwise_layers(shape)]])


def test_extremes_are_exact(check: Check) -> None:
    """The largest sums, saturating results, left shifts, additions of any scale."""
    random = np.random.default_rng(9)
    saturating = Example(saturating_layer(), (bytes_of(random, 1, 1, 1, 4),))
    layers: list[Expected] = [(saturating.case(), saturating.expected)]
    window = Window((3, 3), (1, 1), (1, 1, 1, 1))
    for weight, zero_point in product((-127, 127), (-128, 127)):
        operator = depthwise_layer(
            random, 20, window, weight=np.full((3, 3, 20), weight, np.int8), input_zero_point=zero_point
        )
        layers += depthwise_cases(operator, int8(random, 1, 5, 5, 20, extreme=True))
    for low, high in ((-2, 3), (-31, -25)):
        operator = depthwise_layer(random, 20, window, requantisation=scales(random, 20, low, high))
        layers += depthwise_cases(operator, int8(random, 1, 4, 4, 20))
    for channels, shift in product((1, 7, 8, 33), (-18, -20, 0, -31)):
        pair = int8(random, 1, 3, 2, channels), int8(random, 1, 3, 2, channels)
        layers.append(expected_of(elementwise.select, add_layer(random, shift), pair))
    check(layers)


def test_layers_with_int16_tensors_are_exact(check: Check) -> None:
    check([(e.case(), e.expected) for e in examples(np.random.default_rng(6))])
