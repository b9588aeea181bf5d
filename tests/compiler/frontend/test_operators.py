"""Each Paddle operator, imported: the layer graph computes what Paddle's executor does."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import paddle
import paddle.nn.functional as functional
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from paddle_cortexm.compiler.frontend.load import load_graph
from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.compiler.operators.pools.average_pool import AveragePool
from paddle_cortexm.compiler.operators.weights.convolution import Convolution
from paddle_cortexm.compiler.operators.weights.depthwise_convolution import DepthwiseConvolution
from paddle_cortexm.compiler.operators.weights.fully_connected import FullyConnected
from paddle_cortexm.errors import UserError
from tests.compiler.frontend.static_programs import (
    check_against_paddle,
    constant,
    conv,
    imported,
    linear,
    operators,
    raw_operator,
    save_program,
)

NN = paddle.nn
two_or_four_paddings = st.one_of(
    st.integers(0, 2),
    st.lists(st.integers(0, 2), min_size=2, max_size=2),
    st.lists(st.integers(0, 2), min_size=4, max_size=4),
    st.sampled_from(["SAME", "VALID"]),
)


@settings(max_examples=60)
@given(
    kernel=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    stride=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    padding=two_or_four_paddings,
    size=st.tuples(st.integers(5, 11), st.integers(5, 11)),
    dilation=st.tuples(st.integers(1, 3), st.integers(1, 2)),
    groups=st.sampled_from([1, 1, 2, 3, 5]),
    group=st.tuples(st.integers(1, 4), st.integers(1, 3)),
    bias=st.booleans(),
)
def test_convolutions_of_any_geometry(
    kernel: Any, stride: Any, padding: Any, size: Any, dilation: Any, groups: int, group: Any, bias: bool
) -> None:
    """group: channels that one has, in and out."""
    extent = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    assume(padding == "SAME" or all(e <= n for e, n in zip(extent, size, strict=True)))
    channels, outputs = (groups * n for n in group)
    options = {"stride": stride, "padding": padding, "groups": groups, "dilation": dilation}
    options["bias_attr"] = None if bias else False
    with tempfile.TemporaryDirectory() as folder:
        graph = imported(Path(folder), conv(channels, outputs, kernel, **options), shape=(1, channels, *size))
    assert operators(graph) == ["DepthwiseConvolution" if groups > 1 and group == (1, 1) else "Convolution"]


def test_a_batch_norm_behind_a_grouped_convolution_is_folded(tmp_path: Path) -> None:
    def batch_norm(x: Any) -> Any:
        return NN.BatchNorm2D(12)(x)

    graph = imported(tmp_path, conv(3, 8), conv(8, 12, 3, groups=4), batch_norm, conv(12, 24, groups=12))
    assert operators(graph) == ["Convolution"] * 3


@settings(max_examples=60)
@given(
    kind=st.sampled_from(["max", "average"]),
    kernel=st.integers(2, 4),
    stride=st.integers(1, 3),
    padding=st.one_of(st.integers(0, 1), st.lists(st.integers(0, 1), min_size=4, max_size=4), st.just("SAME")),
    size=st.tuples(st.integers(5, 11), st.integers(5, 11)),
    exclusive=st.booleans(),
)
def test_pools_of_any_geometry(kind: str, kernel: int, stride: int, padding: Any, size: Any, exclusive: bool) -> None:
    assume(exclusive or isinstance(padding, int))  # counted padding is supported where it is even

    def pool(x: Any) -> Any:
        if kind == "max":
            return functional.max_pool2d(x, kernel, stride, padding)
        return functional.avg_pool2d(x, kernel, stride, padding, exclusive=exclusive)

    with tempfile.TemporaryDirectory() as folder:
        imported(Path(folder), pool, shape=(1, 3, *size))


@pytest.mark.parametrize("kind", ["max", "average"])
@pytest.mark.parametrize("size", [(7, 8), (8, 10), (9, 9)])
@pytest.mark.parametrize("padding", [0, 1])
def test_ceil_mode_keeps_the_last_partial_window(kind: str, size: Any, padding: int, tmp_path: Path) -> None:
    pool = functional.max_pool2d if kind == "max" else functional.avg_pool2d
    imported(tmp_path, lambda x: pool(x, 3, 2, padding, ceil_mode=True), shape=(1, 3, *size))


@pytest.mark.parametrize("outputs", [(1, 1), (2, 2), (4, 2)])
def test_adaptive_pools_that_divide_the_image(outputs: Any, tmp_path: Path) -> None:
    graph = imported(tmp_path, lambda x: functional.adaptive_avg_pool2d(x, outputs))
    window = graph.layers[0].operator.window  # type: ignore[union-attr]
    assert window.kernel == (8 // outputs[0], 8 // outputs[1])


@pytest.mark.parametrize("outputs", [(3, 3), (7, 5), (11, 2)], ids=str)
@pytest.mark.parametrize("size", [(10, 10), (8, 13)], ids=str)
def test_adaptive_averages_to_any_size(outputs: Any, size: Any, tmp_path: Path) -> None:
    imported(tmp_path, lambda x: functional.adaptive_avg_pool2d(x, outputs), shape=(1, 3, *size))


@pytest.mark.parametrize("kind", [paddle.mean, paddle.sum, paddle.max], ids=["mean", "sum", "max"])
@pytest.mark.parametrize("axes", [[2, 3], [2], [-1], [1], [1, 2], [1, 2, 3], None], ids=str)
def test_reductions_of_an_image(kind: Any, axes: Any, tmp_path: Path) -> None:
    if kind is paddle.max and (axes is None or 1 in axes):
        pytest.skip("a maximum over channels is refused")
    imported(tmp_path, conv(3, 4), functional.hardswish, lambda x: kind(x, axis=axes, keepdim=True), shape=(1, 3, 6, 9))


def test_a_spatial_gate(tmp_path: Path) -> None:
    def gate(x: Any) -> Any:
        return x * functional.hardsigmoid(paddle.mean(x, axis=1, keepdim=True))

    assert operators(imported(tmp_path, conv(3, 4), gate)) == ["Convolution", "Convolution", "hard_sigmoid", "Multiply"]


def test_an_adaptive_maximum_that_divides_the_image(tmp_path: Path) -> None:
    assert operators(imported(tmp_path, NN.AdaptiveMaxPool2D((4, 2)))) == ["MaxPool"]


def test_a_global_pool_has_the_image_as_its_window(tmp_path: Path) -> None:
    graph = imported(tmp_path, NN.AdaptiveAvgPool2D(1), shape=(1, 5, 6, 9))
    assert graph.layers[0].operator == AveragePool(Window((6, 9), (1, 1)))


@pytest.mark.parametrize("kind", [paddle.sum, paddle.max], ids=["sum", "max"])
def test_height_and_width_may_go_altogether(kind: Any, tmp_path: Path) -> None:
    imported(tmp_path, conv(3, 4), lambda x: kind(x, axis=[2, 3]), linear(4, 2))


@pytest.mark.parametrize("keep", [True, False])
def test_the_mean_over_height_and_width_is_a_global_pool(keep: bool, tmp_path: Path) -> None:
    graph = imported(tmp_path, conv(3, 4), lambda x: paddle.mean(x, axis=[2, 3], keepdim=keep))
    assert operators(graph) == ["Convolution", "AveragePool"]


@pytest.mark.parametrize("transposed", [True, False])
def test_matrix_products(transposed: bool, tmp_path: Path) -> None:
    def product(x: Any) -> Any:
        return paddle.matmul(x, constant((5, 12) if transposed else (12, 5)), transpose_y=transposed)

    graph = imported(tmp_path, conv(3, 12), NN.AdaptiveAvgPool2D(1), NN.Flatten(), product)
    assert operators(graph) == ["Convolution", "AveragePool", "FullyConnected"]


@pytest.mark.parametrize(
    "flatten",
    [NN.Flatten(), lambda x: paddle.reshape(x, [0, -1]), lambda x: paddle.reshape(x, [-1, 5 * 6 * 4])],
    ids=["flatten", "reshape 0 -1", "reshape -1 n"],
)
def test_the_weights_behind_a_flattened_image_are_reordered(flatten: Any, tmp_path: Path) -> None:
    graph = imported(tmp_path, conv(3, 5), flatten, linear(5 * 6 * 4, 7), shape=(1, 3, 6, 4))
    assert operators(graph) == ["Convolution", "Reshape", "FullyConnected"]


def test_an_activation_and_a_factor_between_a_flattened_image_and_its_weights(tmp_path: Path) -> None:
    steps = conv(3, 5), NN.Flatten(), NN.Hardswish(), lambda x: x * constant((120,)), linear(120, 7)
    imported(tmp_path, *steps, shape=(1, 3, 6, 4))


def test_arithmetic_on_a_flattened_image_that_nothing_takes(tmp_path: Path) -> None:
    steps = conv(3, 5), NN.Flatten(), lambda x: x * constant((120,)) + constant((120,)), NN.Hardswish(), linear(120, 7)
    graph = imported(tmp_path, *steps, shape=(1, 3, 6, 4))
    assert "DepthwiseConvolution" in operators(graph)


def test_mul_flattens_an_image_itself(tmp_path: Path) -> None:
    def product(x: Any) -> Any:
        inputs = {"X": [x], "Y": [constant((5 * 8 * 8, 7))]}
        return raw_operator("mul", inputs, {"x_num_col_dims": 1, "y_num_col_dims": 1})

    graph = imported(tmp_path, conv(3, 5), product)
    assert isinstance(graph.layers[-1].operator, FullyConnected)


@pytest.mark.parametrize("axis", [-1, 1])
def test_softmax_over_the_channels(axis: int, tmp_path: Path) -> None:
    steps = NN.AdaptiveAvgPool2D(1), NN.Flatten(), linear(3, 5), lambda x: functional.softmax(x, axis)
    assert operators(imported(tmp_path, *steps))[-1] == "Softmax"


def test_vectors_and_images_of_one_pixel_are_the_same(tmp_path: Path) -> None:
    def there_and_back(x: Any) -> Any:
        vector = paddle.squeeze(functional.adaptive_avg_pool2d(x, 1), [2, 3])
        return paddle.unsqueeze(NN.Linear(3, 6)(vector), [2, 3])

    graph = imported(tmp_path, there_and_back, conv(6, 4), lambda x: paddle.reshape(x, [1, 4]))
    assert operators(graph) == ["AveragePool", "FullyConnected", "Convolution"]


@pytest.mark.parametrize("size", [(16, 16), (13, 5), (4, 8), (1, 20)], ids=str)
@pytest.mark.parametrize("corners", [False, True], ids=["", "align corners"])
@pytest.mark.parametrize("mode", ["nearest", "bilinear 0", "bilinear 1"])
def test_resizing(mode: str, corners: bool, size: Any, tmp_path: Path) -> None:
    def resize(x: Any) -> Any:
        kind, _, align_mode = mode.partition(" ")
        corner = corners and kind != "nearest"
        return functional.interpolate(x, size, mode=kind, align_corners=corner, align_mode=int(align_mode or 1))

    assert operators(imported(tmp_path, conv(3, 4), resize))[-1] == "Resize"


@pytest.mark.parametrize("mode", ["nearest", "bilinear"])
def test_resizing_by_a_factor(mode: str, tmp_path: Path) -> None:
    imported(tmp_path, conv(3, 4), lambda x: functional.interpolate(x, scale_factor=2, mode=mode))


REFUSED: dict[str, tuple[Any, str]] = {
    "unknown": (NN.Softsign(), r"operator 'softsign' \(tensor '.*'\) is not supported.*Supported: .*conv2d"),
    "NHWC": (conv(8, 4, data_format="NHWC"), r"conv2d .*data layout NHWC is not supported"),
    "rows alone": (lambda x: paddle.mean(x, axis=2), r"reduce_mean .* axes \[2\] .*keepdim"),
    "channels": (lambda x: paddle.max(x, axis=1, keepdim=True), r"reduce_max .* maximum over the channels"),
    "counted padding": (
        lambda x: functional.avg_pool2d(x, 3, 1, [0, 1, 0, 1], exclusive=False),
        r"pool2d .*counted padding .* \(0, 0, 1, 1\)",
    ),
    "adaptive": (NN.AdaptiveMaxPool2D(3), r"an adaptive maximum from \(8, 8\) to \(3, 3\).*divisible"),
    "softmax": (lambda x: functional.softmax(x, 3), r"is an image, but a softmax"),
    "reshape": (
        lambda x: paddle.reshape(x, [1, 8, 4, 8]),
        r"neither some channels and pixels of it nor a plain reshape",
    ),
    "computed weights": (
        lambda x: functional.conv2d(x, x),
        r"Filter '.*' must be a const",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_supported_is_refused_with_its_tensor(name: str, tmp_path: Path) -> None:
    step, message = REFUSED[name]
    save_program(tmp_path, lambda x: step(conv(3, 4)(x)))
    with pytest.raises(UserError, match=message):
        load_graph(tmp_path)


def test_weights_have_the_layer_graphs_layouts(tmp_path: Path) -> None:
    graph = imported(tmp_path, conv(3, 4, (2, 3)), conv(4, 4, (3, 2), groups=4), NN.Flatten(), linear(4 * 5 * 5, 6))
    full, depthwise, _, dense = (layer.operator for layer in graph.layers)
    assert isinstance(full, Convolution)
    assert isinstance(depthwise, DepthwiseConvolution)
    assert isinstance(dense, FullyConnected)
    assert (full.weight.shape, depthwise.weight.shape, dense.weight.shape) == ((4, 2, 3, 3), (3, 2, 4), (6, 100))
    assert all(x.weight.dtype == np.float32 and x.bias.dtype == np.float32 for x in (full, depthwise, dense))


def test_a_program_saved_for_any_batch_is_imported_for_one_image(tmp_path: Path) -> None:
    save_program(tmp_path, lambda x: linear(4 * 64, 5)(paddle.flatten(conv(3, 4)(x), 1)), shape=(-1, 3, 8, 8))
    graph = check_against_paddle(tmp_path)
    assert graph.tensors[graph.input].shape == (1, 8, 8, 3)
