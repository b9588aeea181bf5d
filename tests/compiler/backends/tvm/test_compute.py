"""C that TVM generates: every operator against its definition in numpy, integers exactly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from paddle_cortexm.compiler.backends.tvm import TvmBackend
from paddle_cortexm.compiler.graph import Graph
from paddle_cortexm.compiler.operators.elementwise.activation import Activation, Table
from paddle_cortexm.compiler.operators.elementwise.add import Add
from paddle_cortexm.compiler.operators.elementwise.binary import FloatBinary, IntegerWithConstant
from paddle_cortexm.compiler.operators.elementwise.divide import Divide
from paddle_cortexm.compiler.operators.elementwise.extremum import Extremum
from paddle_cortexm.compiler.operators.elementwise.multiply import IntegerMultiply, Multiply
from paddle_cortexm.compiler.operators.elementwise.prelu import PRelu
from paddle_cortexm.compiler.operators.elementwise.subtract import Subtract
from paddle_cortexm.compiler.operators.parts.activation_kinds import ACTIVATION_KINDS
from paddle_cortexm.compiler.operators.parts.base import IntegerOperator, Operator
from paddle_cortexm.compiler.operators.parts.requantisation import Requantisation
from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.compiler.operators.pools.adaptive_pool import AdaptiveAveragePool, IntegerAdaptiveAveragePool
from paddle_cortexm.compiler.operators.pools.average_pool import AveragePool, IntegerAveragePool
from paddle_cortexm.compiler.operators.pools.max_pool import IntegerMaxPool, MaxPool
from paddle_cortexm.compiler.operators.resize.resize import IntegerResize, Resize, samples
from paddle_cortexm.compiler.operators.tokens.softmax import Softmax
from paddle_cortexm.compiler.operators.weights.convolution import Convolution, IntegerConvolution
from paddle_cortexm.compiler.operators.weights.depthwise_convolution import (
    DepthwiseConvolution,
    IntegerDepthwiseConvolution,
)
from paddle_cortexm.compiler.operators.weights.fully_connected import FullyConnected
from paddle_cortexm.compiler.operators.weights.weighted import Epilogue
from paddle_cortexm.compiler.reference import run_float, run_integers
from paddle_cortexm.compiler.tensor import Grid
from tests.compiler.backends.helium.examples.layers import saturating_layer, some_convolution
from tests.compiler.graphs import GraphBuilder
from tests.compiler.host import compile_graph, run_graph

Random = np.random.Generator
WINDOWS = {
    "1x1": Window(),
    "3x3 same": Window((3, 3), (1, 1), (1, 1, 1, 1)),
    "3x3 stride 2": Window((3, 3), (2, 2), (1, 1, 1, 1)),
    "5x5 stride 2": Window((5, 5), (2, 2), (2, 2, 2, 2)),
    "uneven": Window((3, 2), (2, 1), (0, 1, 1, 0)),
    "dilated": Window((3, 2), (1, 2), (2, 1, 2, 1), (2, 3)),
}


def output_shape(window: Window, size: int, channels: int) -> tuple[int, ...]:
    return window.output_shape((1, size, size, channels), channels)


@pytest.fixture
def random() -> Random:
    return np.random.default_rng(11)


def floats(random: Random, *shape: int) -> NDArray[np.float32]:
    return random.normal(size=shape).astype(np.float32)


def int8(random: Random, *shape: int) -> NDArray[np.int8]:
    return random.integers(-127, 128, shape).astype(np.int8)


def one_layer(operator: Operator, size: int, channels: int, shape: tuple[int, ...], dtype: str) -> Graph:
    builder = GraphBuilder((1, size, size, channels), dtype)  # type: ignore[arg-type]
    builder.add("layer", operator, "image", shape=shape)
    return builder.graph()


def check_float(random: Random, folder: Path, graph: Graph) -> None:
    image = floats(random, *graph.tensors["image"].shape)
    actual = run_graph(folder, graph, [TvmBackend()], image)
    expected = run_float(graph, image)[graph.output]
    np.testing.assert_allclose(actual.reshape(expected.shape), expected, rtol=1e-5, atol=2e-5)


@pytest.mark.parametrize("channels", [(3, 8), (4, 6), (36, 12)])
@pytest.mark.parametrize("window", WINDOWS.values(), ids=WINDOWS)
def test_a_float_convolution(window: Window, channels: tuple[int, int], random: Random, tmp_path: Path) -> None:
    inputs, outputs = channels
    operator = Convolution(floats(random, outputs, *window.kernel, inputs), floats(random, outputs), window, (0.0, 6.0))
    check_float(random, tmp_path, one_layer(operator, 7, inputs, output_shape(window, 7, outputs), "float32"))


def test_a_float_convolution_of_groups(random: Random, tmp_path: Path) -> None:
    window = WINDOWS["uneven"]
    operator = Convolution(floats(random, 6, *window.kernel, 4), floats(random, 6), window, groups=3)
    check_float(random, tmp_path, one_layer(operator, 7, 12, output_shape(window, 7, 6), "float32"))


@pytest.mark.parametrize("window", WINDOWS.values(), ids=WINDOWS)
def test_a_float_depthwise_convolution(window: Window, random: Random, tmp_path: Path) -> None:
    operator = DepthwiseConvolution(floats(random, *window.kernel, 6), floats(random, 6), window)
    check_float(random, tmp_path, one_layer(operator, 7, 6, output_shape(window, 7, 6), "float32"))


@pytest.mark.parametrize("kind", ["hard_swish", "hard_sigmoid"])
def test_a_float_convolution_with_its_epilogue(kind: str, random: Random, tmp_path: Path) -> None:
    builder = GraphBuilder((1, 3, 4, 5))
    builder.add("sums", Convolution(floats(random, 5, 1, 1, 5), floats(random, 5), Window()), "image")
    builder.add("bent", Activation(kind), "sums")
    builder.add("total", Add((0.0, None)), "image", "bent")
    check_float(random, tmp_path, builder.graph())


@pytest.mark.parametrize("operator", [*(Activation(row.name) for row in ACTIVATION_KINDS), Softmax()], ids=str)
def test_a_float_unary(operator: Operator, random: Random, tmp_path: Path) -> None:
    check_float(random, tmp_path, one_layer(operator, 3, 5, (1, 3, 3, 5), "float32"))


@pytest.mark.parametrize(
    "activation",
    [
        Activation("elu", {"alpha": 1.6, "scale": 1.05}),
        Activation("pow", {"exponent": 3.0}),
        PRelu(np.array([0.2, -0.1, 0.0, 0.4, 1.5], np.float32)),
    ],
)
def test_a_float_unary_with_parameters(activation: Operator, random: Random, tmp_path: Path) -> None:
    check_float(random, tmp_path, one_layer(activation, 3, 5, (1, 3, 3, 5), "float32"))


def test_an_integer_prelu_is_exact(random: Random, tmp_path: Path) -> None:
    operator = PRelu(np.array([0.2, -0.1, 0.0, 0.4, 1.5, 0.01], np.float32)).integer([Grid(0.05, -20)], Grid(0.03, 11))
    check_integers(tmp_path, one_layer(operator, 7, 6, (1, 7, 7, 6), "int8"), int8(random, 1, 7, 7, 6))


@pytest.mark.parametrize("kind", [AveragePool, MaxPool])
@pytest.mark.parametrize("window", [Window((7, 7)), Window((3, 3), (2, 2), (1, 1, 1, 1))], ids=["global", "padded"])
def test_a_float_pool(kind: type, window: Window, random: Random, tmp_path: Path) -> None:
    check_float(random, tmp_path, one_layer(kind(window), 7, 6, output_shape(window, 7, 6), "float32"))


def test_a_float_fully_connected_layer_reads_an_image_row_by_row(random: Random, tmp_path: Path) -> None:
    operator = FullyConnected(floats(random, 5, 4 * 4 * 3), floats(random, 5))
    check_float(random, tmp_path, one_layer(operator, 4, 3, (1, 1, 1, 5), "float32"))


BINARY = [
    Add((0.0, None)),
    Subtract(),
    Subtract(exchanged=True),
    Multiply(),
    Divide(exchanged=True),
    Extremum("maximum"),
    Extremum("minimum"),
]


@pytest.mark.parametrize("operator", BINARY, ids=str)
def test_integer_operators_of_two_operands_are_exact(operator: FloatBinary, random: Random, tmp_path: Path) -> None:
    """Broadcast over rows, then with a constant that is broadcast over columns."""
    grids, output = (Grid(0.02, -5), Grid(0.05, 9)), Grid(0.06, -20)
    twin = operator.integer(grids, output)
    assert isinstance(twin, IntegerOperator)
    builder = GraphBuilder((1, 5, 5, 6), "int8")
    pooled = builder.add("pooled", IntegerMaxPool(Window((5, 1))), "image", shape=(1, 1, 5, 6))
    both = builder.add("both", twin, "image", pooled)
    builder.add("layer", IntegerWithConstant(twin, int8(random, 1, 5, 1, 6)), both)
    check_integers(tmp_path, builder.graph(), int8(random, 1, 5, 5, 6))


def test_a_resized_image(random: Random, tmp_path: Path) -> None:
    real = Resize(samples(6, 13, "linear", "half_pixel"), samples(6, 4, "nearest_neighbor", "asymmetric"))
    graph = one_layer(IntegerResize(real.rows, real.columns), 6, 5, (1, 13, 4, 5), "int8")
    check_integers(tmp_path, graph, int8(random, 1, 6, 6, 5))
    (tmp_path / "float").mkdir()
    check_float(random, tmp_path / "float", one_layer(real, 6, 5, (1, 13, 4, 5), "float32"))


@pytest.mark.parametrize("size", [(3, 4), (7, 7)])
def test_an_adaptive_average(size: tuple[int, int], random: Random, tmp_path: Path) -> None:
    graph = one_layer(IntegerAdaptiveAveragePool(size), 10, 6, (1, *size, 6), "int8")
    check_integers(tmp_path, graph, int8(random, 1, 10, 10, 6))
    (tmp_path / "float").mkdir()
    check_float(random, tmp_path / "float", one_layer(AdaptiveAveragePool(size), 10, 6, (1, *size, 6), "float32"))


@pytest.mark.parametrize("operator", BINARY, ids=str)
def test_a_float_binary(operator: Operator, random: Random, tmp_path: Path) -> None:
    builder = GraphBuilder((1, 4, 4, 6))
    other = builder.add("other", Activation("hard_swish"), "image")
    builder.add("layer", operator, "image", other)
    check_float(random, tmp_path, builder.graph())


def requantisation(random: Random, channels: int, *, left: bool = False) -> Requantisation:
    multiplier = random.integers(1 << 30, (1 << 31) - 1, channels).astype(np.int32)
    shift = random.integers(*((0, 3) if left else (-9, -5)), channels).astype(np.int32)
    return Requantisation(multiplier, shift, -7, -120, 119)


def check_integers(folder: Path, graph: Graph, image: NDArray[np.int8]) -> None:
    """The generated C gives the bits of the reference."""
    actual = run_graph(folder, graph, [TvmBackend()], image)
    np.testing.assert_array_equal(actual, run_integers(graph, image)[graph.output])


@pytest.mark.parametrize("left", [False, True], ids=["right shift", "left shift"])
@pytest.mark.parametrize("window", WINDOWS.values(), ids=WINDOWS)
def test_an_integer_convolution_with_its_epilogue_is_exact(
    window: Window, left: bool, random: Random, tmp_path: Path
) -> None:
    inputs, outputs = 5, 6
    table = int8(random, 256)
    operator = IntegerConvolution(
        int8(random, outputs, *window.kernel, inputs),
        random.integers(-9999, 9999, outputs).astype(np.int32),
        window,
        -128,
        requantisation(random, outputs, left=left),
        Epilogue(Table(table, "hard_swish")),
    )
    image = int8(random, 1, 7, 7, inputs)
    graph = one_layer(operator, 7, inputs, output_shape(window, 7, outputs), "int8")
    check_integers(tmp_path, graph, image)


def test_an_integer_convolution_of_groups_is_exact(random: Random, tmp_path: Path) -> None:
    operator = some_convolution(random, (8, 12), WINDOWS["dilated"], groups=4)
    graph = one_layer(operator, 7, 8, output_shape(operator.window, 7, 12), "int8")
    check_integers(tmp_path, graph, int8(random, 1, 7, 7, 8))


@pytest.mark.parametrize("window", WINDOWS.values(), ids=WINDOWS)
def test_an_integer_depthwise_convolution_is_exact(window: Window, random: Random, tmp_path: Path) -> None:
    bias = random.integers(-9999, 9999, 6).astype(np.int32)
    operator = IntegerDepthwiseConvolution(int8(random, *window.kernel, 6), bias, window, 3, requantisation(random, 6))
    image = int8(random, 1, 7, 7, 6)
    check_integers(tmp_path, one_layer(operator, 7, 6, output_shape(window, 7, 6), "int8"), image)


def test_an_integer_add_is_exact(random: Random, tmp_path: Path) -> None:
    add = Add().integer((Grid(0.02, -5), Grid(0.05, 9)), Grid(0.06, -20))
    builder = GraphBuilder((1, 5, 5, 6), "int8")
    builder.add("other", Table(int8(random, 256), "hard_swish"), "image")
    builder.add("layer", add, "image", "other")
    check_integers(tmp_path, builder.graph(), int8(random, 1, 5, 5, 6))


def test_an_integer_multiply_broadcasts_over_the_image(random: Random, tmp_path: Path) -> None:
    operator = IntegerMultiply((-3, -128), requantisation(random, 1))
    builder = GraphBuilder((1, 5, 5, 6), "int8")
    pooled = builder.add("pooled", IntegerMaxPool(Window((5, 5))), "image", shape=(1, 1, 1, 6))
    builder.add("layer", operator, "image", pooled)
    check_integers(tmp_path, builder.graph(), int8(random, 1, 5, 5, 6))


@pytest.mark.parametrize("window", [Window((7, 7)), Window((3, 3), (2, 2), (1, 1, 1, 1))], ids=["global", "padded"])
def test_an_integer_average_rounds_half_away_from_zero(window: Window, random: Random, tmp_path: Path) -> None:
    graph = one_layer(IntegerAveragePool(window), 7, 6, output_shape(window, 7, 6), "int8")
    check_integers(tmp_path, graph, int8(random, 1, 7, 7, 6))


def test_results_wider_than_32_bits_saturate(random: Random, tmp_path: Path) -> None:
    operator = saturating_layer()
    check_integers(tmp_path, one_layer(operator, 1, 4, (1, 1, 1, len(operator.bias)), "int8"), int8(random, 1, 1, 1, 4))


def test_generated_c_names_neither_tvm_headers_nor_its_runtime(random: Random, tmp_path: Path) -> None:
    operator = Convolution(floats(random, 4, 1, 1, 3), floats(random, 4), Window())
    compile_graph(tmp_path, one_layer(operator, 4, 3, (1, 4, 4, 4), "float32"), [TvmBackend()])
    code = (tmp_path / "model" / "model.c").read_text()
    assert "tvm/" not in code and "TVMBackend" not in code and "TVMFFI" not in code
    assert "product[" in code and "input0[" in code
