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

from paddle_cortexm.compiler.backends.base import Kernel, Rejection
from paddle_cortexm.compiler.backends.helium import depthwise, depthwise_window, elementwise, pooling, table
from paddle_cortexm.compiler.fixed_point import requantise
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
    Shape,
    Table,
    Tensor,
    Window,
)
from tests.helium.conftest import RunOnHelium, RunOnHost
from tests.helium.rig.cases import Case, Rows

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
    layer = Layer("y", operator, names, "y")
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


# --- selection ------------------------------------------------------------------------------------------------------

SAME = Window((3, 3), (1, 1), (1, 1, 1, 1))
IMAGE = (1, 5, 5, 8)


def answer(select: Selector, operator: IntegerOperator, *shapes: Shape) -> Kernel | Rejection:
    return select(*layer_of(operator, shapes or (IMAGE,), IMAGE))


def test_depthwise_refuses_a_fused_addition() -> None:
    operator = depthwise_layer(8, SAME, epilogue=Epilogue(add=add_layer()))
    assert "residual" in answer(depthwise.select, operator, IMAGE, IMAGE).reason
    assert isinstance(answer(depthwise.select, operator, IMAGE, IMAGE), Rejection)


def test_general_depthwise_refuses_weights_whose_products_do_not_fit_in_pairs() -> None:
    operator = depthwise_layer(8, SAME, weight=np.full((3, 3, 8), -128, np.int8))
    assert isinstance(answer(depthwise.general, operator), Rejection)


WINDOW, GENERAL = "helium_depthwise_window_s8", "helium_depthwise_s8"


@pytest.mark.parametrize(
    ("kernel", "stride", "output", "name"),
    [
        (3, 1, (14, 14, 64), WINDOW),
        (5, 2, (7, 7, 64), WINDOW),
        (3, 2, (7, 7, 64), WINDOW),
        (4, 1, (14, 14, 64), GENERAL),
        # small maps: the window kernel's 8 results are mostly wasted
        (5, 1, (4, 4, 64), GENERAL),
        (5, 1, (2, 2, 64), GENERAL),
        (3, 2, (4, 4, 32), GENERAL),
        (3, 1, (1, 1, 64), GENERAL),
        (3, 1, (4, 4, 64), WINDOW),  # two rows of four
        (3, 1, (3, 3, 64), GENERAL),
        (3, 2, (12, 12, 64), GENERAL),  # the second 8 of each row are half used
        # few channels: then the general kernel wastes more
        (3, 1, (3, 3, 8), WINDOW),
        (5, 1, (4, 4, 8), WINDOW),
    ],
)
def test_the_depthwise_kernel_fits_the_shape(kernel: int, stride: int, output: tuple[int, int, int], name: str) -> None:
    height, width, channels = output
    operator = depthwise_layer(channels, Window((kernel, kernel), (stride, stride)))
    image = (1, (height - 1) * stride + kernel, (width - 1) * stride + kernel, channels)
    selected = depthwise.select(*layer_of(operator, (image,), (1, *output)))
    assert isinstance(selected, Kernel) and selected.name == name


def test_the_plan_says_why_a_small_map_has_the_general_kernel() -> None:
    operator = depthwise_layer(64, Window((5, 5), (1, 1), (2, 2, 2, 2)))
    image = (1, 4, 4, 64)
    selected = depthwise.select(*layer_of(operator, (image,), image))
    assert isinstance(selected, Kernel) and "8 results at a time 50% would be used" in selected.reason


def test_small_maps_whose_weights_the_general_kernel_cannot_take_have_the_window_kernel() -> None:
    operator = depthwise_layer(16, Window((5, 5)), weight=np.full((5, 5, 16), -128, np.int8))
    selected = depthwise.select(*layer_of(operator, ((1, 5, 5, 16),), (1, 1, 1, 16)))
    assert isinstance(selected, Kernel) and selected.name == WINDOW


def test_depthwise_refuses_a_kernel_of_more_than_16_rows() -> None:
    layers = {height: depthwise_layer(8, Window((height, 1), (1, 1), (8, 0, 8, 0))) for height in (16, 17)}
    assert isinstance(answer(depthwise.select, layers[16]), Kernel)
    assert isinstance(answer(depthwise.select, layers[17]), Rejection)


def test_a_bias_that_overflows_with_the_zero_point_is_refused() -> None:
    ones = np.ones((3, 3, 8), np.int8)
    operator = depthwise_layer(8, SAME, weight=ones, bias=np.full(8, 2**31 - 1, np.int32), input_zero_point=-1)
    assert isinstance(answer(depthwise.select, operator), Rejection)


@pytest.mark.parametrize(("bias", "fits"), [(2**31 - 1 - 9 * 128, True), (2**31 - 9 * 128, False), (-(2**31), False)])
def test_a_bias_that_may_overflow_with_the_products_is_refused(bias: int, fits: bool) -> None:
    weight, biases = np.resize(np.array([1, -1], np.int8), (3, 3, 8)), np.full(8, bias, np.int32)
    operator = depthwise_layer(8, SAME, weight=weight, bias=biases, input_zero_point=0)
    assert isinstance(answer(depthwise.select, operator), Kernel if fits else Rejection)


def test_pooling_refuses_windows_outside_the_image() -> None:
    operator = IntegerMaxPool(Window((2, 2), (1, 1), (2, 2, 2, 2)))
    assert isinstance(answer(pooling.select, operator), Rejection)


def test_padded_pooling_is_not_streamed() -> None:
    kernel = answer(pooling.select, IntegerAveragePool(SAME))
    assert isinstance(kernel, Kernel)
    assert kernel.row_body is None


def test_elementwise_layers_and_tables_may_work_in_place() -> None:
    multiply = IntegerMultiply((0, 0), scales(1))
    for kernel in (
        answer(elementwise.select, add_layer(), IMAGE, IMAGE),
        answer(elementwise.select, multiply, IMAGE, (1, 1, 1, 8)),
        answer(table.select, Table(int8(256))),
    ):
        assert isinstance(kernel, Kernel)
        assert kernel.overwrites_input
