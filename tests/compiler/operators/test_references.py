"""The integer references: exact sums of products, batches, and layers kept in float between them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddle_cortexm.compiler.integers.realisation import quantise_graph
from paddle_cortexm.compiler.operators.elementwise.activation import Activation
from paddle_cortexm.compiler.operators.elementwise.add import Add
from paddle_cortexm.compiler.operators.elementwise.binary import FloatBinary, WithConstant
from paddle_cortexm.compiler.operators.elementwise.divide import Divide
from paddle_cortexm.compiler.operators.elementwise.extremum import Extremum
from paddle_cortexm.compiler.operators.elementwise.multiply import Multiply
from paddle_cortexm.compiler.operators.elementwise.subtract import Subtract
from paddle_cortexm.compiler.operators.parts.base import FloatOperator, IntegerOperator
from paddle_cortexm.compiler.operators.parts.fixed_point import fixed_points
from paddle_cortexm.compiler.operators.parts.requantisation import Requantisation
from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.compiler.operators.pools.average_pool import AveragePool, IntegerAveragePool
from paddle_cortexm.compiler.operators.pools.max_pool import IntegerMaxPool, MaxPool
from paddle_cortexm.compiler.operators.weights.convolution import Convolution, IntegerConvolution
from paddle_cortexm.compiler.operators.weights.depthwise_convolution import (
    DepthwiseConvolution,
    IntegerDepthwiseConvolution,
)
from paddle_cortexm.compiler.operators.weights.fully_connected import FullyConnected, IntegerFullyConnected
from paddle_cortexm.compiler.operators.weights.weighted import Weighted
from paddle_cortexm.compiler.reference import run_float, run_integers
from paddle_cortexm.compiler.tensor import Grid
from tests.compiler.graphs import GraphBuilder, dequantised, pointwise

CHANNELS, ZERO_POINT = 3, -5
GRID = Grid(0.05, -3)
KINDS = ("convolution", "grouped", "depthwise", "fully connected")
SEEDS = st.integers(0, 2**32 - 1)


@st.composite
def windows(draw: st.DrawFn) -> Window:
    kernel, stride = (draw(st.tuples(st.integers(1, 3), st.integers(1, 3))) for _ in range(2))
    dilation = draw(st.tuples(st.integers(1, 2), st.integers(1, 3)))
    bare = Window(kernel, stride, dilation=dilation)
    before, after = ([draw(st.integers(0, 2)) for _ in range(2)] for _ in range(2))
    missing = [max(0, e - n - p) for e, n, p in zip(bare.extent, (5, 4), before, strict=True)]
    bottom, right = (max(p, m) for p, m in zip(after, missing, strict=True))
    return replace(bare, padding=(before[0], before[1], bottom, right))


def unscaled(channels: int) -> Requantisation:
    """Sums become int8 as they are, saturated."""
    return Requantisation(*fixed_points(np.ones(channels)), 0)


@given(windows(), SEEDS, st.sampled_from(KINDS))
def test_integer_sums_are_those_of_the_float_layer_on_the_same_numbers(window: Window, seed: int, kind: str) -> None:
    random = np.random.default_rng(seed)
    x = random.integers(-12, 3, (2, 5, 4, CHANNELS)).astype(np.int8)
    real, integer = twins(kind, window, random)
    exact = real.evaluate([x.astype(np.float32) - ZERO_POINT])
    result = integer.evaluate([x])
    assert result.dtype == np.int8 and result.shape == exact.shape == integer.output_shape([x.shape])
    np.testing.assert_array_equal(result, np.clip(exact, -128, 127))


def twins(kind: str, window: Window, random: np.random.Generator) -> tuple[FloatOperator, IntegerOperator]:
    """A float operator with small whole numbers as weights, and the same in integers."""

    def whole(*shape: int) -> np.ndarray:
        return random.integers(-4, 5, shape)

    if kind == "convolution":
        weight, bias = whole(4, *window.kernel, CHANNELS), whole(4)
        integer = IntegerConvolution(weight.astype(np.int8), bias.astype(np.int32), window, ZERO_POINT, unscaled(4))
        return Convolution(weight.astype(np.float32), bias.astype(np.float32), window), integer
    if kind == "grouped":
        weight, bias = whole(6, *window.kernel, 1), whole(6)
        scale, size = unscaled(6), CHANNELS
        integer = IntegerConvolution(
            weight.astype(np.int8), bias.astype(np.int32), window, ZERO_POINT, scale, groups=size
        )
        return Convolution(weight.astype(np.float32), bias.astype(np.float32), window, groups=size), integer
    if kind == "depthwise":
        weight, bias = whole(*window.kernel, CHANNELS), whole(CHANNELS)
        return DepthwiseConvolution(
            weight.astype(np.float32), bias.astype(np.float32), window
        ), IntegerDepthwiseConvolution(
            weight.astype(np.int8), bias.astype(np.int32), window, ZERO_POINT, unscaled(CHANNELS)
        )
    weight, bias = whole(4, 5 * 4 * CHANNELS), whole(4)
    connected = IntegerFullyConnected(weight.astype(np.int8), bias.astype(np.int32), ZERO_POINT, unscaled(4))
    return FullyConnected(weight.astype(np.float32), bias.astype(np.float32)), connected


@given(windows(), SEEDS, st.sampled_from(KINDS))
def test_patches_times_weights_are_the_layer_s_sums(window: Window, seed: int, kind: str) -> None:
    random = np.random.default_rng(seed)
    x = random.integers(-9, 10, (2, 5, 4, CHANNELS)).astype(np.float32)
    operator, _ = twins(kind, window, random)
    assert isinstance(operator, Weighted)
    patches, rows = operator.patches(x, most=10_000), operator.weight_rows()
    own = patches.repeat(len(rows) // len(patches), axis=0)  # of each output channel
    sums = np.einsum("opk,ok->po", own, rows) + operator.bias
    np.testing.assert_array_equal(sums, operator.evaluate([x]).reshape(sums.shape))


@pytest.mark.parametrize("kind", KINDS)
def test_weights_as_a_grouped_convolution_come_back_as_they_were(kind: str) -> None:
    operator, _ = twins(kind, Window((2, 3)), np.random.default_rng(0))
    assert isinstance(operator, Weighted)
    convolution = operator.as_convolution()
    assert convolution.weight.ndim == 4 and convolution.weight.size == operator.weight.size
    assert convolution.groups == (CHANNELS if kind in ("depthwise", "grouped") else 1)
    np.testing.assert_array_equal(operator.from_oihw(convolution.weight), operator.weight)


POOLED = [
    Window((5, 4)),
    Window((2, 2), (2, 2)),
    Window((3, 3), (2, 2), (1, 1, 1, 1)),
    Window((2, 3), (1, 1), (1, 0, 0, 2)),
]


@pytest.mark.parametrize("window", POOLED, ids=str)
def test_integer_pools_are_the_float_pools_rounded(window: Window) -> None:
    x = np.random.default_rng(1).integers(-128, 128, (3, 5, 4, CHANNELS)).astype(np.int8)
    largest, mean = (pool.evaluate([x.astype(np.float32)]) for pool in (MaxPool(window), AveragePool(window)))
    np.testing.assert_array_equal(IntegerMaxPool(window).evaluate([x]), largest)
    away_from_zero = np.sign(mean) * np.floor(np.abs(mean.astype(np.float64)) + 0.5 + 1e-4)
    np.testing.assert_array_equal(IntegerAveragePool(window).evaluate([x]), away_from_zero)


@pytest.mark.parametrize("operator", [Subtract(), Subtract(exchanged=True), Extremum("maximum"), Extremum("minimum")])
def test_integer_arithmetic_is_the_float_arithmetic_rounded(operator: FloatBinary) -> None:
    check_near(operator, (Grid(0.02, -5), Grid(0.05, 9)), Grid(0.06, -20))


@pytest.mark.parametrize("output", [Grid(0.01, 3), Grid(0.5, -100), Grid(4.0, 0)], ids=str)
@pytest.mark.parametrize("exchanged", [False, True])
def test_integer_quotients_are_the_float_quotients_rounded(output: Grid, exchanged: bool) -> None:
    check_near(Divide(exchanged), (Grid(0.02, -5), Grid(0.05, 9)), output)


def check_near(operator: FloatBinary, inputs: tuple[Grid, Grid], output: Grid) -> None:
    """Within the rounding of a step, for every pair of values; what lies beyond the grid saturates. 0 / 0 is 0."""
    every = np.arange(-128, 128, dtype=np.int8)
    pair = tuple(x.reshape(1, 256, 256, 1) for x in np.meshgrid(every, every))
    real = operator.evaluate([dequantised(x, grid) for x, grid in zip(pair, inputs, strict=True)])
    steps = np.clip(np.nan_to_num(real / output.scale, nan=0.0) + output.zero_point, -128, 127)
    integer = operator.integer(inputs, output)
    assert isinstance(integer, IntegerOperator)
    assert np.abs(integer.evaluate(pair) - steps).max() <= 0.52


@pytest.mark.parametrize("operator", [Add(), Multiply(), Extremum("maximum")])
def test_an_integer_constant_is_within_half_a_step_of_the_real_one(operator: FloatBinary) -> None:
    random = np.random.default_rng(5)
    real = WithConstant(operator, random.normal(size=(1, 5, 1, 4)).astype(np.float32))
    integer = real.integer([GRID], GRID)
    assert integer is not None and integer.constant.shape == (1, 5, 1, 4)
    step = np.abs(real.constant).max() / 127
    assert np.abs(integer.constant * step - real.constant).max() <= 0.51 * step
    x = random.integers(-60, 60, (2, 5, 3, 4)).astype(np.int8)
    expected = np.clip(real.evaluate([dequantised(x, GRID)]), *GRID.limits)
    assert np.abs(dequantised(integer.evaluate([x]), GRID) - expected).max() < GRID.scale + 4 * step


@pytest.mark.parametrize("keep_float", [(), ("bent",), ("mixed", "bent", "sum")], ids=str)
def test_a_graph_runs_in_batches_with_layers_kept_in_float(keep_float: tuple[str, ...]) -> None:
    builder = GraphBuilder((1, 2, 2, 3))
    builder.add("mixed", pointwise(np.eye(3) * 0.7), "image")
    builder.add("bent", Activation("hard_swish"), "mixed")
    builder.add("sum", Add(), "image", "bent")
    ranges = {"mixed": (-1.5, 1.5), "bent": (-0.4, 1.2), "sum": (-2.5, 3.2)}
    graph = quantise_graph(builder.graph(), ranges, (-2.0, 2.0), keep_float=keep_float)
    images = np.random.default_rng(0).integers(-128, 128, (5, 2, 2, 3), np.int8)
    result = run_integers(graph, images)
    assert result["sum"].dtype == np.int8 and result["sum"].shape == (5, 2, 2, 3)
    real = run_float(builder.graph(), dequantised(images, graph.tensors["image"].grid).astype(np.float32))["sum"]
    grid = graph.tensors["sum"].grid
    assert grid is not None and np.abs(dequantised(result["sum"], grid) - real).max() < 2 * grid.scale
    one = run_integers(graph, images[3:4])
    np.testing.assert_array_equal(one["sum"], result["sum"][3:4])


def test_a_fused_epilogue_gives_the_bits_of_the_layers_one_by_one() -> None:
    random = np.random.default_rng(4)
    _, convolution = twins("convolution", Window(), random)
    assert isinstance(convolution, IntegerConvolution)
    table = Activation("hard_swish").integer([GRID], GRID)
    x = random.integers(-128, 128, (2, 5, 4, CHANNELS), np.int8)
    fused = replace(convolution, epilogue=replace(convolution.epilogue, table=table))
    np.testing.assert_array_equal(fused.evaluate([x]), table.evaluate([convolution.evaluate([x])]))
    assert fused.name == "IntegerConvolution+table"
