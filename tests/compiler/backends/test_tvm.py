"""C that TVM generates: every operator against its definition in numpy, integers exactly."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from numpy.typing import NDArray

from paddle_cortexm.compiler.backends.tvm import TvmBackend
from paddle_cortexm.compiler.graph import (
    Activation,
    Add,
    AveragePool,
    Convolution,
    DepthwiseConvolution,
    Epilogue,
    FullyConnected,
    Graph,
    IntegerAveragePool,
    IntegerConvolution,
    IntegerDepthwiseConvolution,
    IntegerMaxPool,
    IntegerMultiply,
    MaxPool,
    Multiply,
    Operator,
    Requantisation,
    Softmax,
    Table,
    Window,
)
from paddle_cortexm.compiler.integers.realisation import integer_add
from paddle_cortexm.compiler.operators.parts.fixed_point import requantise
from paddle_cortexm.compiler.reference import run_float, windows
from paddle_cortexm.compiler.tensor import Grid
from tests.compiler.graphs import GraphBuilder, integer_sum
from tests.compiler.host import compile_graph, run_graph

RANDOM = np.random.default_rng(11)
WINDOWS = {
    "1x1": Window(),
    "3x3 same": Window((3, 3), (1, 1), (1, 1, 1, 1)),
    "3x3 stride 2": Window((3, 3), (2, 2), (1, 1, 1, 1)),
    "5x5 stride 2": Window((5, 5), (2, 2), (2, 2, 2, 2)),
    "uneven": Window((3, 2), (2, 1), (0, 1, 1, 0)),
}


def output_shape(window: Window, size: int, channels: int) -> tuple[int, int, int, int]:
    top, left, bottom, right = window.padding
    height = (size + top + bottom - window.kernel[0]) // window.stride[0] + 1
    width = (size + left + right - window.kernel[1]) // window.stride[1] + 1
    return 1, height, width, channels


def floats(*shape: int) -> NDArray[np.float32]:
    return RANDOM.normal(size=shape).astype(np.float32)


def int8(*shape: int) -> NDArray[np.int8]:
    return RANDOM.integers(-127, 128, shape).astype(np.int8)


def one_layer(operator: Operator, size: int, channels: int, shape: tuple[int, ...], dtype: str) -> Graph:
    builder = GraphBuilder((1, size, size, channels), dtype)  # type: ignore[arg-type]
    builder.add("layer", operator, "image", shape=shape)
    return builder.graph()


def check_float(folder: Path, graph: Graph) -> None:
    image = floats(*graph.tensors["image"].shape)
    actual = run_graph(folder, graph, [TvmBackend()], image)
    expected = run_float(graph, image)[graph.output]
    np.testing.assert_allclose(actual.reshape(expected.shape), expected, rtol=1e-5, atol=2e-5)


@pytest.mark.parametrize("channels", [(3, 8), (4, 6), (36, 12)])
@pytest.mark.parametrize("window", WINDOWS.values(), ids=WINDOWS)
def test_a_float_convolution(window: Window, channels: tuple[int, int], tmp_path: Path) -> None:
    inputs, outputs = channels
    operator = Convolution(floats(outputs, *window.kernel, inputs), floats(outputs), window, (0.0, 6.0))
    check_float(tmp_path, one_layer(operator, 7, inputs, output_shape(window, 7, outputs), "float32"))


@pytest.mark.parametrize("window", WINDOWS.values(), ids=WINDOWS)
def test_a_float_depthwise_convolution(window: Window, tmp_path: Path) -> None:
    operator = DepthwiseConvolution(floats(*window.kernel, 6), floats(6), window)
    check_float(tmp_path, one_layer(operator, 7, 6, output_shape(window, 7, 6), "float32"))


@pytest.mark.parametrize("kind", ["hard_swish", "hard_sigmoid"])
def test_a_float_convolution_with_its_epilogue(kind: Literal["hard_swish", "hard_sigmoid"], tmp_path: Path) -> None:
    builder = GraphBuilder((1, 3, 4, 5))
    builder.add("sums", Convolution(floats(5, 1, 1, 5), floats(5), Window()), "image")
    builder.add("bent", Activation(kind), "sums")
    builder.add("total", Add((0.0, None)), "image", "bent")
    check_float(tmp_path, builder.graph())


@pytest.mark.parametrize(
    "operator", [Activation(kind) for kind in ("relu", "relu6", "hard_swish", "hard_sigmoid")] + [Softmax()], ids=str
)
def test_a_float_unary(operator: Operator, tmp_path: Path) -> None:
    check_float(tmp_path, one_layer(operator, 3, 5, (1, 3, 3, 5), "float32"))


@pytest.mark.parametrize("kind", [AveragePool, MaxPool])
@pytest.mark.parametrize("window", [Window((7, 7)), Window((3, 3), (2, 2), (1, 1, 1, 1))], ids=["global", "padded"])
def test_a_float_pool(kind: type, window: Window, tmp_path: Path) -> None:
    check_float(tmp_path, one_layer(kind(window), 7, 6, output_shape(window, 7, 6), "float32"))


def test_a_float_fully_connected_layer_reads_an_image_row_by_row(tmp_path: Path) -> None:
    operator = FullyConnected(floats(5, 4 * 4 * 3), floats(5))
    check_float(tmp_path, one_layer(operator, 4, 3, (1, 1, 1, 5), "float32"))


@pytest.mark.parametrize("operator", [Add((0.0, None)), Multiply()], ids=["add", "multiply"])
def test_a_float_binary(operator: Operator, tmp_path: Path) -> None:
    builder = GraphBuilder((1, 4, 4, 6))
    other = builder.add("other", Activation("hard_swish"), "image")
    builder.add("layer", operator, "image", other)
    check_float(tmp_path, builder.graph())


def requantisation(channels: int, *, left: bool = False) -> Requantisation:
    multiplier = RANDOM.integers(1 << 30, (1 << 31) - 1, channels).astype(np.int32)
    shift = RANDOM.integers(*((0, 3) if left else (-9, -5)), channels).astype(np.int32)
    return Requantisation(multiplier, shift, -7, -120, 119)


def into_int8(sums: NDArray[np.int64], r: Requantisation) -> NDArray[np.int64]:
    return np.clip(requantise(sums, r.multiplier, r.shift) + r.output_zero_point, r.minimum, r.maximum)


@pytest.mark.parametrize("left", [False, True], ids=["right shift", "left shift"])
@pytest.mark.parametrize("window", WINDOWS.values(), ids=WINDOWS)
def test_an_integer_convolution_with_its_epilogue_is_exact(window: Window, left: bool, tmp_path: Path) -> None:
    inputs, outputs = 5, 6
    table = int8(256)
    operator = IntegerConvolution(
        int8(outputs, *window.kernel, inputs),
        RANDOM.integers(-9999, 9999, outputs).astype(np.int32),
        window,
        -128,
        requantisation(outputs, left=left),
        Epilogue(table),
    )
    image = int8(1, 7, 7, inputs)
    graph = one_layer(operator, 7, inputs, output_shape(window, 7, outputs), "int8")
    actual = run_graph(tmp_path, graph, [TvmBackend()], image)
    columns = windows(image.astype(np.int64) + 128, window, 0)  # type: ignore[arg-type]
    sums = np.einsum("nyxhwi,ohwi->nyxo", columns, operator.weight.astype(np.int64)) + operator.bias
    expected = table[into_int8(sums, operator.requantisation) + 128]
    np.testing.assert_array_equal(actual.reshape(expected.shape), expected)


@pytest.mark.parametrize("window", WINDOWS.values(), ids=WINDOWS)
def test_an_integer_depthwise_convolution_is_exact(window: Window, tmp_path: Path) -> None:
    bias = RANDOM.integers(-9999, 9999, 6).astype(np.int32)
    operator = IntegerDepthwiseConvolution(int8(*window.kernel, 6), bias, window, 3, requantisation(6))
    image = int8(1, 7, 7, 6)
    actual = run_graph(tmp_path, one_layer(operator, 7, 6, output_shape(window, 7, 6), "int8"), [TvmBackend()], image)
    columns = windows(image.astype(np.int64) - 3, window, 0)  # type: ignore[arg-type]
    expected = into_int8(np.einsum("nyxhwc,hwc->nyxc", columns, operator.weight) + bias, operator.requantisation)
    np.testing.assert_array_equal(actual.reshape(expected.shape), expected)


def test_an_integer_add_is_exact(tmp_path: Path) -> None:
    add = integer_add(Grid(0.02, -5), Grid(0.05, 9), Grid(0.06, -20))
    table = int8(256)
    builder = GraphBuilder((1, 5, 5, 6), "int8")
    builder.add("other", Table(table), "image")
    builder.add("layer", add, "image", "other")
    image = int8(1, 5, 5, 6)
    actual = run_graph(tmp_path, builder.graph(), [TvmBackend()], image)
    expected = integer_sum(add, image.astype(np.int64), table[image.astype(int) + 128].astype(np.int64))
    np.testing.assert_array_equal(actual.reshape(expected.shape), expected)


def test_an_integer_multiply_broadcasts_over_the_image(tmp_path: Path) -> None:
    operator = IntegerMultiply((-3, -128), requantisation(1))
    builder = GraphBuilder((1, 5, 5, 6), "int8")
    pooled = builder.add("pooled", IntegerMaxPool(Window((5, 5))), "image", shape=(1, 1, 1, 6))
    builder.add("layer", operator, "image", pooled)
    image = int8(1, 5, 5, 6)
    actual = run_graph(tmp_path, builder.graph(), [TvmBackend()], image)
    largest = image.max(axis=(1, 2), keepdims=True).astype(np.int64)
    expected = into_int8((image.astype(np.int64) + 3) * (largest + 128), operator.requantisation)
    np.testing.assert_array_equal(actual.reshape(expected.shape), expected)


@pytest.mark.parametrize("window", [Window((7, 7)), Window((3, 3), (2, 2), (1, 1, 1, 1))], ids=["global", "padded"])
def test_an_integer_average_rounds_half_away_from_zero(window: Window, tmp_path: Path) -> None:
    image = int8(1, 7, 7, 6)
    graph = one_layer(IntegerAveragePool(window), 7, 6, output_shape(window, 7, 6), "int8")
    actual = run_graph(tmp_path, graph, [TvmBackend()], image)
    columns = windows(image.astype(np.float32), window, np.nan)
    sums, counts = np.nansum(columns, axis=(3, 4)), (~np.isnan(columns)).sum(axis=(3, 4))
    expected = np.trunc((sums + np.sign(sums) * (counts // 2)) / counts)
    np.testing.assert_array_equal(actual.reshape(expected.shape), expected)


def test_generated_c_names_neither_tvm_headers_nor_its_runtime(tmp_path: Path) -> None:
    operator = Convolution(floats(4, 1, 1, 3), floats(4), Window())
    compile_graph(tmp_path, one_layer(operator, 4, 3, (1, 4, 4, 4), "float32"), [TvmBackend()])
    code = (tmp_path / "model" / "model.c").read_text()
    assert "tvm/" not in code and "TVMBackend" not in code and "TVMFFI" not in code
    assert "product[" in code and "input0[" in code
