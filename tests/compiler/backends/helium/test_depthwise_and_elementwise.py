"""Depthwise convolution, addition, multiplication, pooling, tables: portable C and Helium give the definition's bits.

The definitions of compiler/graph.py are written down here in numpy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray

from paddle_cortexm.compiler.backends.helium import depthwise, depthwise_window, elementwise, pooling, table
from paddle_cortexm.compiler.graph import (
    Epilogue,
    Graph,
    IntegerAdd,
    IntegerAveragePool,
    IntegerDepthwiseConvolution,
    IntegerMaxPool,
    IntegerMultiply,
    IntegerOperator,
    Layer,
    Requantisation,
    Table,
    Window,
)
from paddle_cortexm.compiler.kernels.kernel import Kernel, Rejection
from paddle_cortexm.compiler.operators.parts.fixed_point import requantise
from paddle_cortexm.compiler.tensor import Shape, Tensor
from tests.compiler.backends.helium.conftest import RunOnHelium, RunOnHost
from tests.compiler.backends.helium.rig.cases import Case, Rows

Int8 = NDArray[np.int8]
Selector = Callable[[Graph, Layer], Kernel | Rejection]
Expected = tuple[Case, Int8]  # a case and what it must give
RANDOM = np.random.default_rng(20)


# --- definitions ----------------------------------------------------------------------------------------------------


def clamped(result: NDArray[np.int64], by: Requantisation | IntegerAdd) -> Int8:
    return np.clip(result + by.output_zero_point, by.minimum, by.maximum).astype(np.int8)


def windows_of(x: Int8, window: Window, shape: Shape, outside: int) -> NDArray[np.int64]:
    """(output height, output width, kernel height, kernel width, C) with `outside` where there is no image."""
    (top, left), (kh, kw), (sh, sw) = window.padding[:2], window.kernel, window.stride
    below, right = (shape[1] - 1) * sh + kh, (shape[2] - 1) * sw + kw
    around = ((top, max(0, below - top - x.shape[1])), (left, max(0, right - left - x.shape[2])), (0, 0))
    padded = np.pad(x[0].astype(np.int64), around, constant_values=outside)
    views = np.lib.stride_tricks.sliding_window_view(padded, (kh, kw), axis=(0, 1))
    return views[: below - kh + 1 : sh, : right - kw + 1 : sw].transpose(0, 1, 3, 4, 2)


def depthwise_of(operator: IntegerDepthwiseConvolution, x: Int8, shape: Shape) -> Int8:
    r = operator.requantisation
    views = windows_of(x, operator.window, shape, operator.input_zero_point) - operator.input_zero_point
    sums = operator.bias + (views * operator.weight).sum(axis=(2, 3))
    result = clamped(requantise(sums, r.multiplier, r.shift), r)[None]
    lookup = operator.epilogue.table
    return result if lookup is None else lookup[result.astype(np.int64) + 128]


def sum_of(add: IntegerAdd, a: Int8, b: Int8) -> Int8:
    terms = [
        requantise((x.astype(np.int64) - add.zero_points[i]) << add.left_shift, add.multipliers[i], add.shifts[i])
        for i, x in enumerate((a, b))
    ]
    return clamped(requantise(terms[0] + terms[1], add.multipliers[2], add.shifts[2]), add)


def product_of(operator: IntegerMultiply, a: Int8, b: Int8) -> Int8:
    accumulator = (a.astype(np.int64) - operator.zero_points[0]) * (b.astype(np.int64) - operator.zero_points[1])
    r = operator.requantisation
    return clamped(requantise(accumulator, r.multiplier, r.shift), r)


OUTSIDE = 1000  # no int8 value: marks padding


def average_of(window: Window, x: Int8, shape: Shape) -> Int8:
    views = windows_of(x, window, shape, OUTSIDE)
    inside = views != OUTSIDE
    sums, count = np.where(inside, views, 0).sum(axis=(2, 3)), inside.sum(axis=(2, 3))
    return (np.sign(sums) * ((np.abs(sums) + count // 2) // count))[None].astype(np.int8)


def largest_of(window: Window, x: Int8, shape: Shape) -> Int8:
    return windows_of(x, window, shape, -OUTSIDE).max(axis=(2, 3))[None].astype(np.int8)


# --- cases ----------------------------------------------------------------------------------------------------------


def int8(*shape: int, extreme: bool = False) -> Int8:
    values = RANDOM.choice([-128, 127], shape) if extreme else RANDOM.integers(-128, 128, shape)
    return values.astype(np.int8)


def layer_of(operator: IntegerOperator, shapes: tuple[Shape, ...], output: Shape) -> tuple[Graph, Layer]:
    names = tuple(f"x{i}" for i in range(len(shapes)))
    layer = Layer(operator, names, "y")
    tensors = {n: Tensor(n, s, "int8") for n, s in zip((*names, "y"), (*shapes, output), strict=True)}
    return Graph("test", "x0", "y", (layer,), tensors), layer


def case_of(
    select: Selector, operator: IntegerOperator, inputs: tuple[Int8, ...], shape: Shape, rows: Rows | None = None
) -> Case:
    kernel = select(*layer_of(operator, tuple(x.shape for x in inputs), shape))
    assert isinstance(kernel, Kernel), kernel
    return Case(kernel, inputs, shape, rows=rows)


def size_after(size: int, kernel: int, stride: int, padding: int) -> int:
    return (size + padding - kernel) // stride + 1


def output_shape(x: Int8, window: Window) -> Shape:
    top, left, bottom, right = window.padding
    height = size_after(x.shape[1], window.kernel[0], window.stride[0], top + bottom)
    return (1, height, size_after(x.shape[2], window.kernel[1], window.stride[1], left + right), x.shape[3])


def scales(channels: int, lowest: int = -9, highest: int = -6) -> Requantisation:
    multiplier = RANDOM.integers(1 << 30, 1 << 31, channels).astype(np.int32)
    shift = RANDOM.integers(lowest, highest + 1, channels).astype(np.int32)
    return Requantisation(multiplier, shift, int(RANDOM.integers(-128, 128)))


def depthwise_layer(channels: int, window: Window, **changes: object) -> IntegerDepthwiseConvolution:
    fields: dict[str, object] = {
        "weight": RANDOM.integers(-127, 128, (*window.kernel, channels)).astype(np.int8),
        "bias": RANDOM.integers(-5000, 5000, channels).astype(np.int32),
        "window": window,
        "input_zero_point": int(RANDOM.integers(-128, 128)),
        "requantisation": scales(channels),
    }
    return IntegerDepthwiseConvolution(**(fields | changes))  # type: ignore[arg-type]


def depthwise_cases(operator: IntegerDepthwiseConvolution, x: Int8) -> list[Expected]:
    """The whole layer, and the same row by row, with every kernel that takes it."""
    shape = output_shape(x, operator.window)
    expected = depthwise_of(operator, x, shape)
    rows = Rows(operator.window, operator.input_zero_point)
    answers = [select(*layer_of(operator, (x.shape,), shape)) for select in (window_kernel, depthwise.general)]
    kernels = [answer for answer in answers if isinstance(answer, Kernel)]
    assert kernels, answers
    return [(Case(kernel, (x,), shape, rows=r), expected) for kernel, r in product(kernels, (None, rows))]


def window_kernel(graph: Graph, layer: Layer) -> Kernel | Rejection:
    """depthwise_window_s8, whatever the map's size."""
    assert isinstance(layer.operator, IntegerDepthwiseConvolution)
    return depthwise_window.select(graph, layer, depthwise.folded_bias(layer.operator).astype(np.int32))


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
    # windows that lie wholly outside the image
    (1, 1, 20, Window((3, 3), (4, 4), (5, 5, 5, 5))),
    (1, 1, 20, Window((3, 3), (4, 4), (5, 5, 0, 0))),
    (2, 2, 5, Window((3, 3), (1, 1), (4, 4, 4, 4))),
    (3, 2, 17, Window((5, 5), (2, 2), (7, 6, 6, 9))),
    (2, 3, 16, Window((1, 1), (1, 1), (2, 2, 2, 2))),
]


def depthwise_expectations() -> list[Expected]:
    cases = []
    for height, width, channels, window in DEPTHWISE:
        cases += depthwise_cases(depthwise_layer(channels, window), int8(1, height, width, channels))
    window = Window((3, 3), (1, 1), (1, 1, 1, 1))
    for weight, zero_point in product((-127, 127), (-128, 127)):  # the largest sums there are
        extreme = np.full((3, 3, 16), weight, np.int8)
        operator = depthwise_layer(16, window, weight=extreme, input_zero_point=zero_point)
        cases += depthwise_cases(operator, np.full((1, 5, 5, 16), -128, np.int8))
        cases += depthwise_cases(operator, int8(1, 5, 5, 16, extreme=True))
    for low, high in ((-2, 3), (-31, -25)):  # left shifts, and scales that leave almost nothing
        cases += depthwise_cases(depthwise_layer(20, window, requantisation=scales(20, low, high)), int8(1, 4, 4, 20))
    clamp = Requantisation(*_constants(20), -128, -128, 17)
    cases += depthwise_cases(depthwise_layer(20, window, requantisation=clamp), int8(1, 4, 4, 20))
    for size, more in product((1, 3, 5), ({}, {"requantisation": clamp}, {"requantisation": byte_scales(20)})):
        pad = size // 2
        around = Window((size, size), (1, 1), (pad, pad, pad, pad))
        fused = depthwise_layer(20, around, epilogue=Epilogue(table=int8(256)), **more)
        cases += depthwise_cases(fused, int8(1, 6, 6, 20))
        if more:
            cases += depthwise_cases(depthwise_layer(20, around, **more), int8(1, 3, 20, 20))
    return cases


def byte_scales(channels: int) -> Requantisation:
    """Scales without a clamp of their own: the usual case, which has code of its own."""
    return replace(scales(channels), minimum=-128, maximum=127)


def _constants(channels: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    r = scales(channels)
    return r.multiplier, r.shift


def add_layer(sum_shift: int = -18) -> IntegerAdd:
    multipliers = tuple(int(m) for m in RANDOM.integers(1 << 30, 1 << 31, 3))
    zeros = tuple(int(z) for z in RANDOM.integers(-128, 128, 3))
    return IntegerAdd((zeros[0], zeros[1]), 20, multipliers, (0, int(RANDOM.integers(-6, 1)), sum_shift), zeros[2])  # type: ignore[arg-type]


def every_pair() -> tuple[Int8, Int8]:
    """All 65536 pairs of int8 values."""
    values = np.arange(-128, 128, dtype=np.int8)
    return tuple(x.reshape(1, 64, 64, 16).copy() for x in np.meshgrid(values, values))  # type: ignore[return-value]


def elementwise_expectations() -> list[Expected]:
    cases: list[Expected] = []
    first, second = every_pair()
    adds = [add_layer(), add_layer(-20), add_layer(0), add_layer(-31)]
    for add in adds[:2]:
        cases.append((case_of(elementwise.select, add, (first, second), first.shape), sum_of(add, first, second)))
    by = scales(1, -10, -6)
    multiply = IntegerMultiply((-128, 3), by)
    expected = product_of(multiply, first, second)
    cases.append((case_of(elementwise.select, multiply, (first, second), first.shape), expected))
    for channels, add in product((1, 4, 6, 15, 16, 33), adds):
        a, b = int8(1, 3, 2, channels), int8(1, 3, 2, channels)
        for rows in (None, Rows(Window())):
            cases.append((case_of(elementwise.select, add, (a, b), a.shape, rows), sum_of(add, a, b)))
    for channels, (low, high) in product((1, 4, 12, 16, 36), ((-12, -6), (0, 2), (-31, -20))):
        multiply = IntegerMultiply((int(RANDOM.integers(-128, 128)), -128), scales(1, low, high))
        a = int8(1, 3, 5, channels)
        for b in (int8(1, 3, 5, channels), int8(1, 1, 1, channels)):
            cases.append((case_of(elementwise.select, multiply, (a, b), a.shape), product_of(multiply, a, b)))
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


def pool_expectations() -> list[Expected]:
    cases: list[Expected] = []
    for (height, width, channels, window), extreme in product(POOLS, (False, True)):
        x = int8(1, height, width, channels, extreme=extreme)
        x[..., 0], x[..., -1] = -128, 127  # whole channels at the limits
        shape = output_shape(x, window)
        average, largest = IntegerAveragePool(window), IntegerMaxPool(window)
        row_wise = (None, Rows(window)) if window.padding[0] == window.padding[2] == 0 else (None,)
        for rows in row_wise:
            cases.append((case_of(pooling.select, average, (x,), shape, rows), average_of(window, x, shape)))
            cases.append((case_of(pooling.select, largest, (x,), shape, rows), largest_of(window, x, shape)))
    return cases


def average_of_every_sum() -> list[Expected]:
    """Windows of 1 ... 25 pixels in which many sums, and all halves, occur."""
    cases: list[Expected] = []
    for height, width in product(range(1, 6), range(1, 6)):
        window = Window((height, width), (height, width))
        x = RANDOM.integers(-3, 4, (1, 6 * height, 6 * width, 16)).astype(np.int8)
        shape = output_shape(x, window)
        cases.append((case_of(pooling.select, IntegerAveragePool(window), (x,), shape), average_of(window, x, shape)))
    return cases


def table_expectations() -> list[Expected]:
    cases: list[Expected] = []
    lookup = int8(256)
    every = np.arange(-128, 128, dtype=np.int8).reshape(1, 1, 1, 256)
    for x in (every, int8(1, 3, 3, 1), int8(1, 1, 1, 16), int8(1, 2, 5, 7)):
        for rows in (None, Rows(Window())):
            expected = lookup[x.astype(np.int64) + 128]
            cases.append((case_of(table.select, Table(lookup), (x,), x.shape, rows), expected))
    return cases


EXPECTATIONS = {
    "depthwise": depthwise_expectations,
    "elementwise": elementwise_expectations,
    "pool": pool_expectations,
    "average_of_every_sum": average_of_every_sum,
    "table": table_expectations,
}


def everything() -> list[Expected]:
    return [expected for cases in EXPECTATIONS.values() for expected in cases()]


def check(results: list, cases: list[Expected]) -> None:
    for number, (result, (case, expected)) in enumerate(zip(results, cases, strict=True)):
        assert np.array_equal(result.output, expected), f"case {number}: {case.kernel.name}, {case.inputs[0].shape}"


@pytest.mark.parametrize("kind", EXPECTATIONS)
def test_portable_c_equals_the_definition(kind: str, run_on_host: RunOnHost) -> None:
    cases = EXPECTATIONS[kind]()
    check(run_on_host([case for case, _ in cases]), cases)


@pytest.mark.parametrize("compiler", ["clang", "gcc"])
def test_helium_equals_the_definition(compiler: str, run_on_helium: RunOnHelium) -> None:
    cases = everything()
    check(run_on_helium([case for case, _ in cases], compiler), cases)


def test_nothing_is_read_in_front_of_inputs_or_behind_constants(run_on_helium: RunOnHelium) -> None:
    cases = [(replace(case, guarded=True), expected) for case, expected in everything() if case.kernel.constants]
    check(run_on_helium([case for case, _ in cases]), cases)
