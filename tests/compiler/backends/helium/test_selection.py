"""Which layers the int8 kernels take, with which kernel, and why they refuse others."""

from __future__ import annotations

import numpy as np
import pytest

from paddle_cortexm.compiler.backends.helium import depthwise, elementwise, pooling, table
from paddle_cortexm.compiler.kernels.kernel import Kernel, Rejection
from paddle_cortexm.compiler.operators.elementwise.activation import Table
from paddle_cortexm.compiler.operators.elementwise.multiply import IntegerMultiply
from paddle_cortexm.compiler.operators.parts.base import IntegerOperator
from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.compiler.operators.pools.average_pool import IntegerAveragePool
from paddle_cortexm.compiler.operators.pools.max_pool import IntegerMaxPool
from paddle_cortexm.compiler.tensor import Shape
from tests.compiler.backends.helium.examples.int8_cases import (
    Random,
    Selector,
    add_layer,
    depthwise_layer,
    int8,
    layer_of,
    scales,
)

SAME = Window((3, 3), (1, 1), (1, 1, 1, 1))
IMAGE = (1, 5, 5, 8)


@pytest.fixture
def random() -> Random:
    return np.random.default_rng(20)


def answer(select: Selector, operator: IntegerOperator, *shapes: Shape) -> Kernel | Rejection:
    return select(*layer_of(operator, shapes or (IMAGE,), IMAGE))


def test_general_depthwise_refuses_weights_whose_products_do_not_fit_in_pairs(random: Random) -> None:
    operator = depthwise_layer(random, 8, SAME, weight=np.full((3, 3, 8), -128, np.int8))
    assert isinstance(answer(depthwise.general, operator), Rejection)


WINDOW, GENERAL = "helium_depthwise_window_s8", "helium_depthwise_s8"


@pytest.mark.parametrize(
    ("kernel", "stride", "output", "name"),
    [
        (3, 1, (14, 14, 64), WINDOW),
        (5, 2, (7, 7, 64), WINDOW),
        (3, 2, (7, 7, 64), WINDOW),
        (4, 1, (14, 14, 64), WINDOW),
        (7, 1, (7, 7, 64), WINDOW),
        (11, 1, (14, 14, 8), WINDOW),
        (7, 2, (4, 4, 64), GENERAL),
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
def test_the_depthwise_kernel_fits_the_shape(
    kernel: int, stride: int, output: tuple[int, int, int], name: str, random: Random
) -> None:
    height, width, channels = output
    operator = depthwise_layer(random, channels, Window((kernel, kernel), (stride, stride)))
    image = (1, (height - 1) * stride + kernel, (width - 1) * stride + kernel, channels)
    selected = depthwise.select(*layer_of(operator, (image,), (1, *output)))
    assert isinstance(selected, Kernel) and selected.name == name


def test_the_plan_says_why_a_small_map_has_the_general_kernel(random: Random) -> None:
    operator = depthwise_layer(random, 64, Window((5, 5), (1, 1), (2, 2, 2, 2)))
    image = (1, 4, 4, 64)
    selected = depthwise.select(*layer_of(operator, (image,), image))
    assert isinstance(selected, Kernel) and "8 results at a time 50% would be used" in selected.reason


def test_small_maps_whose_weights_the_general_kernel_cannot_take_have_the_window_kernel(random: Random) -> None:
    operator = depthwise_layer(random, 16, Window((5, 5)), weight=np.full((5, 5, 16), -128, np.int8))
    selected = depthwise.select(*layer_of(operator, ((1, 5, 5, 16),), (1, 1, 1, 16)))
    assert isinstance(selected, Kernel) and selected.name == WINDOW


def test_depthwise_refuses_a_window_of_more_than_32_rows(random: Random) -> None:
    layers = {height: depthwise_layer(random, 8, Window((height, 1), (1, 1), (16, 0, 16, 0))) for height in (32, 33)}
    assert isinstance(answer(depthwise.select, layers[32]), Kernel)
    assert isinstance(answer(depthwise.select, layers[33]), Rejection)


def test_a_bias_that_overflows_with_the_zero_point_is_refused(random: Random) -> None:
    ones = np.ones((3, 3, 8), np.int8)
    operator = depthwise_layer(random, 8, SAME, weight=ones, bias=np.full(8, 2**31 - 1, np.int32), input_zero_point=-1)
    assert isinstance(answer(depthwise.select, operator), Rejection)


@pytest.mark.parametrize(("bias", "fits"), [(2**31 - 1 - 9 * 128, True), (2**31 - 9 * 128, False), (-(2**31), False)])
def test_a_bias_that_may_overflow_with_the_products_is_refused(bias: int, fits: bool, random: Random) -> None:
    weight, biases = np.resize(np.array([1, -1], np.int8), (3, 3, 8)), np.full(8, bias, np.int32)
    operator = depthwise_layer(random, 8, SAME, weight=weight, bias=biases, input_zero_point=0)
    assert isinstance(answer(depthwise.select, operator), Kernel if fits else Rejection)


def test_pooling_refuses_windows_outside_the_image() -> None:
    operator = IntegerMaxPool(Window((2, 2), (1, 1), (2, 2, 2, 2)))
    assert isinstance(answer(pooling.select, operator), Rejection)


def test_a_padded_average_is_not_streamed_but_a_maximum_is() -> None:
    average, largest = (answer(pooling.select, pool) for pool in (IntegerAveragePool(SAME), IntegerMaxPool(SAME)))
    assert isinstance(average, Kernel) and isinstance(largest, Kernel)
    assert average.row_body is None and largest.row_body is not None


def test_elementwise_layers_and_tables_may_work_in_place(random: Random) -> None:
    multiply = IntegerMultiply((0, 0), scales(random, 1))
    for kernel in (
        answer(elementwise.select, add_layer(random), IMAGE, IMAGE),
        answer(elementwise.select, multiply, IMAGE, (1, 1, 1, 8)),
        answer(table.select, Table(int8(random, 256), "hard_swish")),
    ):
        assert isinstance(kernel, Kernel)
        assert kernel.overwrites_input
