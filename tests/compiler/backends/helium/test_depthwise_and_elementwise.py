"""Depthwise convolution, addition, multiplication, pooling, tables: portable C and Helium give the operators' bits."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from paddle_cortexm.compiler.backends.helium import depthwise, elementwise, pooling, resizing, table
from paddle_cortexm.compiler.operators.elementwise.activation import Table
from paddle_cortexm.compiler.operators.elementwise.multiply import IntegerMultiply
from paddle_cortexm.compiler.operators.parts.requantisation import Requantisation
from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.compiler.operators.pools.adaptive_pool import IntegerAdaptiveAveragePool
from paddle_cortexm.compiler.operators.pools.average_pool import IntegerAveragePool
from paddle_cortexm.compiler.operators.pools.max_pool import IntegerMaxPool
from paddle_cortexm.compiler.operators.resize.resize import IntegerResize, samples
from paddle_cortexm.compiler.operators.weights.weighted import Epilogue
from tests.compiler.backends.helium.conftest import RunOnHelium, RunOnHost
from tests.compiler.backends.helium.examples.int8_cases import (
    Expected,
    Int8,
    Random,
    add_layer,
    byte_scales,
    depthwise_cases,
    depthwise_layer,
    expected_of,
    int8,
    scales,
)
from tests.compiler.backends.helium.examples.layers import some_add
from tests.compiler.backends.helium.rig.cases import Rows

DEPTHWISE = [  # height, width, channels, window
    *((7, 9, c, Window((3, 3), (s, s), (1, 1, 1, 1))) for c, s in product((1, 4, 12, 16, 36), (1, 2))),
    *((7, 7, c, Window((5, 5), (s, s), (2, 2, 2, 2))) for c, s in product((6, 8, 32), (1, 2))),
    *((k, 41, 20, Window((k, k), (s, s), (k // 2,) * 4)) for k, s in product((3, 5), (1, 2))),  # more than one strip
    (5, 35, 16, Window((2, 4), (1, 1), (1, 2, 0, 1))),
    (4, 6, 16, Window((4, 4), (1, 1), (1, 2, 2, 1))),
    (1, 1, 4, Window((5, 5), (2, 2), (2, 2, 2, 2))),
    (8, 8, 20, Window((3, 3), (2, 2), (0, 0, 1, 1))),
    (6, 5, 16, Window((3, 3), (1, 2), (0, 1, 0, 1))),
    (1, 1, 17, Window((3, 3), (1, 1), (1, 1, 1, 1))),
    (2, 2, 16, Window((5, 5), (1, 1), (2, 2, 2, 2))),
    (5, 6, 18, Window((1, 1), (1, 1))),
    (7, 7, 24, Window((7, 7), (1, 1), (3, 3, 3, 3))),
    (7, 7, 40, Window((7, 7))),
    (17, 16, 5, Window((16, 15), (1, 1), (0, 7, 0, 7))),  # the tallest kernel
    (4, 9, 16, Window((2, 4), (2, 3), (1, 2, 0, 1))),
    (3, 8, 5, Window((1, 3), (1, 2), (0, 1, 0, 1))),
    (8, 3, 5, Window((3, 1), (2, 1), (1, 0, 1, 0))),
    (11, 19, 20, Window((7, 7), (1, 1), (3, 3, 3, 3))),
    (9, 18, 17, Window((7, 7), (2, 2), (3, 3, 3, 3))),
    (6, 9, 12, Window((9, 9), (1, 1), (4, 4, 4, 4))),
    (7, 12, 16, Window((11, 11), (2, 2), (5, 5, 5, 5))),
    (6, 35, 20, Window((1, 5), (1, 1), (0, 2, 0, 2))),
    (9, 3, 18, Window((5, 1), (1, 1), (2, 0, 2, 0))),
    (6, 7, 16, Window((6, 6), (1, 1), (2, 2, 3, 3))),
    (7, 6, 20, Window((5, 3), (2, 2), (2, 1, 2, 1))),
    # dilated
    (9, 21, 20, Window((3, 3), (1, 1), (2, 2, 2, 2), (2, 2))),
    (9, 11, 16, Window((7, 7), (1, 1), (9, 9, 9, 9), (3, 3))),
    (9, 11, 5, Window((5, 2), (2, 2), (3, 2, 4, 1), (2, 3))),
    (3, 3, 5, Window((2, 2), (1, 1), (7, 7, 7, 7), (3, 4))),
    # windows that lie wholly outside the image
    (1, 1, 20, Window((3, 3), (4, 4), (5, 5, 5, 5))),
    (1, 1, 20, Window((3, 3), (4, 4), (5, 5, 0, 0))),
    (2, 2, 5, Window((3, 3), (1, 1), (4, 4, 4, 4))),
    (3, 2, 17, Window((5, 5), (2, 2), (7, 6, 6, 9))),
    (2, 3, 16, Window((1, 1), (1, 1), (2, 2, 2, 2))),
]


def depthwise_expectations(random: Random) -> list[Expected]:
    cases = []
    for height, width, channels, window in DEPTHWISE:
        cases += depthwise_cases(depthwise_layer(random, channels, window), int8(random, 1, height, width, channels))
    window = Window((3, 3), (1, 1), (1, 1, 1, 1))
    for weight, zero_point in product((-127, 127), (-128, 127)):  # the largest sums there are
        extreme = np.full((3, 3, 16), weight, np.int8)
        operator = depthwise_layer(random, 16, window, weight=extreme, input_zero_point=zero_point)
        cases += depthwise_cases(operator, np.full((1, 5, 5, 16), -128, np.int8))
        cases += depthwise_cases(operator, int8(random, 1, 5, 5, 16, extreme=True))
    for low, high in ((-2, 3), (-31, -25)):  # left shifts, and scales that leave almost nothing
        operator = depthwise_layer(random, 20, window, requantisation=scales(random, 20, low, high))
        cases += depthwise_cases(operator, int8(random, 1, 4, 4, 20))
    return [*cases, *fused_and_clamped(random), *with_additions(random)]


def with_additions(random: Random) -> list[Expected]:
    """With a residual, and with a table between; by both kernels."""
    cases = []
    for (size, window), lookup in product(
        (
            (6, Window((3, 3), (1, 1), (1, 1, 1, 1))),
            (9, Window((7, 7), (2, 2), (3, 3, 3, 3))),
            (2, Window((5, 5), (1, 1), (2,) * 4)),
        ),
        (None, some_table(random)),
    ):
        operator = depthwise_layer(random, 20, window, epilogue=Epilogue(lookup, some_add(random)))
        x = int8(random, 1, size, size, 20)
        inputs = x, int8(random, *operator.output_shape([x.shape]))
        for rows in (None, Rows(window, operator.input_zero_point)):
            cases.append(expected_of(depthwise.select, operator, inputs, rows))
    assert {case.kernel.name for case, _ in cases} == {"helium_depthwise_window_s8", "helium_depthwise_s8"}
    return cases


def fused_and_clamped(random: Random) -> list[Expected]:
    """With a table behind, with a clamp, with neither."""
    r = scales(random, 20)
    clamp = Requantisation(r.multiplier, r.shift, -128, -128, 17)
    window = Window((3, 3), (1, 1), (1, 1, 1, 1))
    cases = depthwise_cases(depthwise_layer(random, 20, window, requantisation=clamp), int8(random, 1, 4, 4, 20))
    more = ({}, {"requantisation": clamp}, {"requantisation": byte_scales(random, 20)})
    for size, changes in product((1, 3, 5), more):
        pad = size // 2
        around = Window((size, size), (1, 1), (pad, pad, pad, pad))
        fused = depthwise_layer(random, 20, around, epilogue=Epilogue(some_table(random)), **changes)
        cases += depthwise_cases(fused, int8(random, 1, 6, 6, 20))
        if changes:
            cases += depthwise_cases(depthwise_layer(random, 20, around, **changes), int8(random, 1, 3, 20, 20))
    return cases


def every_pair() -> tuple[Int8, Int8]:
    """All 65536 pairs of int8 values."""
    values = np.arange(-128, 128, dtype=np.int8)
    return tuple(x.reshape(1, 64, 64, 16).copy() for x in np.meshgrid(values, values))  # type: ignore[return-value]


def elementwise_expectations(random: Random) -> list[Expected]:
    pair = every_pair()
    adds = [add_layer(random, shift) for shift in (-18, -20, 0, -31)]
    cases = [expected_of(elementwise.select, add, pair) for add in adds[:2]]
    cases.append(expected_of(elementwise.select, IntegerMultiply((-128, 3), scales(random, 1, -10, -6)), pair))
    for channels, add in product((1, 4, 6, 15, 16, 33), adds):
        inputs = int8(random, 1, 3, 2, channels), int8(random, 1, 3, 2, channels)
        cases += [expected_of(elementwise.select, add, inputs, rows) for rows in (None, Rows(Window()))]
    for channels, (low, high) in product((1, 4, 12, 16, 36), ((-12, -6), (0, 2), (-31, -20))):
        multiply = IntegerMultiply((int(random.integers(-128, 128)), -128), scales(random, 1, low, high))
        a = int8(random, 1, 3, 5, channels)
        for b in (int8(random, 1, 3, 5, channels), int8(random, 1, 1, 1, channels)):
            cases.append(expected_of(elementwise.select, multiply, (a, b)))
    return cases


POOLS = [  # height, width, channels, window
    (7, 7, 20, Window((7, 7))),
    (1, 1, 6, Window((1, 1))),
    (24, 20, 5, Window((24, 20))),  # more than 256 pixels
    (32, 32, 16, Window((2, 2), (2, 2))),
    (9, 7, 36, Window((3, 3), (2, 2), (1, 1, 1, 1))),
    (6, 6, 4, Window((3, 3), (1, 1), (1, 1, 1, 1))),
    (5, 8, 17, Window((2, 3), (2, 2), (0, 0, 1, 1))),
    (5, 40, 3, Window((5, 1), (1, 1))),
    (300, 1, 3, Window((300, 1))),
]


def pool_expectations(random: Random) -> list[Expected]:
    cases: list[Expected] = []
    for (height, width, channels, window), extreme in product(POOLS, (False, True)):
        x = int8(random, 1, height, width, channels, extreme=extreme)
        x[..., 0], x[..., -1] = -128, 127  # whole channels at the limits
        average, largest = IntegerAveragePool(window), IntegerMaxPool(window)
        cases += [expected_of(pooling.select, pool, (x,)) for pool in (average, largest)]
        cases.append(expected_of(pooling.select, largest, (x,), Rows(window, largest.outside_value)))
        if window.padding[0] == window.padding[2] == 0:
            cases.append(expected_of(pooling.select, average, (x,), Rows(window)))
    for size, (height, width, channels) in product(((7, 7), (3, 5), (11, 4)), ((10, 10, 16), (7, 9, 21))):
        adaptive = IntegerAdaptiveAveragePool(size)
        cases.append(expected_of(pooling.select, adaptive, (int8(random, 1, height, width, channels),)))
    return cases


def resize_expectations(random: Random) -> list[Expected]:
    cases: list[Expected] = []
    for (rows, columns), channels in product(((8, 10), (13, 3), (1, 1)), (3, 16, 21)):
        for row_kind, column_kind in product(("linear", "nearest_neighbor"), repeat=2):
            operator = IntegerResize(
                samples(4, rows, row_kind, "half_pixel"),  # type: ignore[arg-type]
                samples(5, columns, column_kind, "align_corners"),  # type: ignore[arg-type]
            )
            cases.append(expected_of(resizing.select, operator, (int8(random, 1, 4, 5, channels, extreme=True),)))
    return cases


def average_of_every_sum(random: Random) -> list[Expected]:
    """Windows of 1 ... 25 pixels in which many sums, and all halves, occur."""
    cases: list[Expected] = []
    for height, width in product(range(1, 6), range(1, 6)):
        x = random.integers(-3, 4, (1, 6 * height, 6 * width, 16)).astype(np.int8)
        average = IntegerAveragePool(Window((height, width), (height, width)))
        cases.append(expected_of(pooling.select, average, (x,)))
    return cases


def some_table(random: Random) -> Table:
    return Table(int8(random, 256), "hard_swish")


def table_expectations(random: Random) -> list[Expected]:
    lookup = some_table(random)
    every = np.arange(-128, 128, dtype=np.int8).reshape(1, 1, 1, 256)
    inputs = (every, int8(random, 1, 3, 3, 1), int8(random, 1, 1, 1, 16), int8(random, 1, 2, 5, 7))
    return [expected_of(table.select, lookup, (x,), rows) for x, rows in product(inputs, (None, Rows(Window())))]


EXPECTATIONS = {
    "depthwise": depthwise_expectations,
    "elementwise": elementwise_expectations,
    "pool": pool_expectations,
    "average_of_every_sum": average_of_every_sum,
    "resize": resize_expectations,
    "table": table_expectations,
}


def everything() -> list[Expected]:
    random = np.random.default_rng(20)
    return [expected for cases in EXPECTATIONS.values() for expected in cases(random)]


def check(results: list, cases: list[Expected]) -> None:
    for number, (result, (case, expected)) in enumerate(zip(results, cases, strict=True)):
        assert np.array_equal(result.output, expected), f"case {number}: {case.kernel.name}, {case.inputs[0].shape}"


@pytest.mark.parametrize("kind", EXPECTATIONS)
def test_portable_c_equals_the_definition(kind: str, run_on_host: RunOnHost) -> None:
    cases = EXPECTATIONS[kind](np.random.default_rng(20))
    check(run_on_host([case for case, _ in cases]), cases)


@pytest.mark.parametrize("compiler", ["clang", "gcc"])
def test_helium_equals_the_definition(compiler: str, run_on_helium: RunOnHelium) -> None:
    cases = everything()
    check(run_on_helium([case for case, _ in cases], compiler), cases)


def test_nothing_is_read_in_front_of_inputs_or_behind_constants(run_on_helium: RunOnHelium) -> None:
    cases = [(replace(case, guarded=True), expected) for case, expected in everything() if case.kernel.constants]
    check(run_on_helium([case for case, _ in cases]), cases)
