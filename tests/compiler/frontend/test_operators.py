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

from paddle_cortexm.compiler.frontend.imports import OPERATORS
from paddle_cortexm.compiler.frontend.imports.relax_builder import RelaxBuilder
from paddle_cortexm.compiler.frontend.layers import to_graph
from paddle_cortexm.compiler.frontend.load import load_graph
from paddle_cortexm.compiler.operators.elementwise.activation import Activation
from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.compiler.operators.pools.average_pool import AveragePool
from paddle_cortexm.compiler.operators.weights.convolution import Convolution
from paddle_cortexm.compiler.operators.weights.depthwise_convolution import DepthwiseConvolution
from paddle_cortexm.compiler.operators.weights.fully_connected import FullyConnected
from paddle_cortexm.errors import UserError
from tests.compiler.frontend.paddle_programs import operator, program
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


ACTIVATIONS: dict[str, Any] = {
    "relu": functional.relu,
    "relu6": functional.relu6,
    "clip": lambda x: paddle.clip(x, 0.0, 6.0),
    "clip elsewhere": lambda x: paddle.clip(x, -1.0, 2.0),
    "clip on one side": lambda x: paddle.clip(x, min=-1.0),
    "hard-tanh": functional.hardtanh,
    "leaky relu": lambda x: functional.leaky_relu(x, 0.2),
    "thresholded relu": lambda x: functional.thresholded_relu(x, 0.5),
    "hard-swish": functional.hardswish,
    "hard-sigmoid": functional.hardsigmoid,
    "sigmoid": functional.sigmoid,
    "silu": functional.silu,
    "swish": functional.swish,
    "swish of 1.5 x": lambda x: raw_operator("swish", {"X": [x]}, {"beta": 1.5}),
    "x * sigmoid(x)": lambda x: x * functional.sigmoid(x),
    "sigmoid(x) * x": lambda x: functional.sigmoid(x) * x,
    "tanh": functional.tanh,
    "gelu": functional.gelu,
    "gelu by tanh": lambda x: functional.gelu(x, approximate=True),
    "elu": lambda x: functional.elu(x, 0.7),
    "selu": functional.selu,
    "mish": functional.mish,
    "x * tanh(softplus(x))": lambda x: x * functional.tanh(functional.softplus(x)),
    "softplus": lambda x: functional.softplus(x, beta=2.0, threshold=15.0),
    "abs": paddle.abs,
    "square": paddle.square,
    "cube": lambda x: paddle.pow(x, 3.0),
    "pow of 2": lambda x: paddle.pow(x, 2.0),
    "exp": paddle.exp,
}
KINDS = {  # what becomes of those whose name is another
    "relu6": "relu6", "clip": "relu6", "clip elsewhere": "clip", "clip on one side": "clip",
    "hard-tanh": "clip", "silu": "swish", "swish of 1.5 x": "swish", "x * sigmoid(x)": "swish",
    "sigmoid(x) * x": "swish", "gelu by tanh": "gelu_tanh", "selu": "elu", "x * tanh(softplus(x))": "mish",
    "cube": "pow", "pow of 2": "square", "leaky relu": "leaky_relu", "thresholded relu": "thresholded_relu",
    "hard-swish": "hard_swish", "hard-sigmoid": "hard_sigmoid",
}  # fmt: skip


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name: str, tmp_path: Path) -> None:
    graph = imported(tmp_path, lambda x: functional.max_pool2d(x, 2), ACTIVATIONS[name])
    assert operators(graph) == ["MaxPool", KINDS.get(name, name)]


@pytest.mark.parametrize("name", ["relu", "relu6", "clip elsewhere", "clip on one side", "hard-tanh"])
def test_a_clamp_goes_into_the_convolution_before_it(name: str, tmp_path: Path) -> None:
    assert operators(imported(tmp_path, conv(3, 4), ACTIVATIONS[name])) == ["Convolution"]


@pytest.mark.parametrize("function", [paddle.sqrt, paddle.rsqrt, paddle.log], ids=["sqrt", "rsqrt", "log"])
def test_functions_of_what_is_positive(function: Any, tmp_path: Path) -> None:
    imported(tmp_path, lambda x: functional.softplus(x) + functional.softplus(x), function)


def test_attributes_that_paddle_3_leaves_unread_are_taken_as_they_stand() -> None:
    written = {"threshold": 5.0, "scale": 4.0, "offset": 2.0}
    relu6 = operator("relu6", "y", X="image", attributes={"threshold": 4.5})
    hard_swish = operator("hard_swish", "z", "Out", written, X="y")
    shapes = dict.fromkeys(("image", "y", "z"), (1, 3, 4, 4))
    graph = to_graph(RelaxBuilder(program(relu6, hard_swish, shapes=shapes)).build(OPERATORS), "bent")
    kinds = [layer.operator for layer in graph.layers]
    assert kinds == [Activation("clip", {"low": 0.0, "high": 4.5}), Activation("hard_swish", written)]


@pytest.mark.parametrize("mode", ["all", "channel"])
def test_prelu(mode: str, tmp_path: Path) -> None:
    def prelu(x: Any) -> Any:
        return functional.prelu(x, constant((1 if mode == "all" else 3,)))

    kind = "leaky_relu" if mode == "all" else "PRelu"
    assert operators(imported(tmp_path, lambda x: functional.max_pool2d(x, 2), prelu)) == ["MaxPool", kind]


def test_a_gate_of_another_tensor_is_no_swish(tmp_path: Path) -> None:
    gate = lambda x: x * functional.sigmoid(functional.max_pool2d(x, 3, 1, 1))  # noqa: E731
    assert operators(imported(tmp_path, conv(3, 4), gate)) == ["Convolution", "MaxPool", "sigmoid", "Multiply"]


def test_hard_sigmoid_keeps_its_slope_and_offset(tmp_path: Path) -> None:
    graph = imported(tmp_path, lambda x: functional.hardsigmoid(x, slope=0.2, offset=0.4))
    activation: Any = graph.layers[0].operator
    assert activation.parameters == pytest.approx({"slope": 0.2, "offset": 0.4})


@pytest.mark.parametrize("bounds", [(-1.0, 1.0), (0.0, 4.0)])
def test_any_clip_fuses_into_a_convolution(bounds: tuple[float, float], tmp_path: Path) -> None:
    graph = imported(tmp_path, conv(3, 4), lambda x: paddle.clip(x, *bounds))
    assert graph.layers[-1].operator.clamp == bounds  # type: ignore[union-attr]


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


def test_a_sum_of_two_tensors(tmp_path: Path) -> None:
    graph = imported(tmp_path, conv(3, 4), lambda x: NN.Conv2D(4, 4, 1)(x) + x, NN.ReLU())
    assert operators(graph) == ["Convolution", "Convolution", "Add"]
    assert graph.layers[-1].operator.clamp == (0.0, None)  # type: ignore[union-attr]


def test_a_sum_of_a_tensor_and_itself(tmp_path: Path) -> None:
    assert operators(imported(tmp_path, conv(3, 4), lambda x: x + x)) == ["Convolution", "Add"]


@pytest.mark.parametrize("swapped", [True, False])
def test_one_factor_a_channel_is_the_second_input(swapped: bool, tmp_path: Path) -> None:
    def gate(x: Any) -> Any:
        factor = functional.hardsigmoid(functional.adaptive_avg_pool2d(x, 1))
        return factor * x if swapped else x * factor

    graph = imported(tmp_path, conv(3, 4), gate)
    shapes = [tensor.shape for tensor in graph.inputs_of(graph.layers[-1])]
    assert shapes == [(1, 8, 8, 4), (1, 1, 1, 4)]


def test_a_vector_as_factors_along_axis_0(tmp_path: Path) -> None:
    def gate(x: Any) -> Any:
        factor = paddle.flatten(functional.adaptive_avg_pool2d(x, 1), 1)
        return raw_operator("elementwise_mul", {"X": [x], "Y": [factor]}, {"axis": 0})

    assert operators(imported(tmp_path, conv(3, 4), gate)) == ["Convolution", "AveragePool", "Multiply"]


BINARY = {
    "add": paddle.add,
    "subtract": paddle.subtract,
    "multiply": paddle.multiply,
    "divide": paddle.divide,
    "maximum": paddle.maximum,
    "minimum": paddle.minimum,
}
each_binary = pytest.mark.parametrize("binary", BINARY.values(), ids=BINARY)
BROADCAST: dict[str, Any] = {
    "same shape": lambda x: x * x + 1.0,
    "a value a channel": lambda x: functional.adaptive_avg_pool2d(x, 1),
    "a value a column": lambda x: functional.adaptive_avg_pool2d(x, (1, 8)),
    "a value a pixel": conv(4, 1),
    "a scalar": lambda x: NN.AdaptiveAvgPool2D(1)(conv(4, 1)(x)),
}
CONSTANTS = {"image": (1, 4, 8, 8), "pixel": (1, 1, 8, 8), "columns": (8,), "scalar": (1,), "channel": (4, 1, 1)}


@each_binary
@pytest.mark.parametrize("exchanged", [False, True], ids=["", "exchanged"])
@pytest.mark.parametrize("other", BROADCAST)
def test_two_computed_operands_broadcast(binary: Any, other: str, exchanged: bool, tmp_path: Path) -> None:
    def both(x: Any) -> Any:
        second = functional.hardsigmoid(BROADCAST[other](x), offset=1.0)  # no denominator near 0
        first = functional.hardswish(x) + 0.5
        return binary(second, first) if exchanged else binary(first, second)

    imported(tmp_path, conv(3, 4), both)


@each_binary
@pytest.mark.parametrize("exchanged", [False, True], ids=["", "exchanged"])
@pytest.mark.parametrize("shape", CONSTANTS.values(), ids=CONSTANTS)
def test_an_operand_may_be_constant(binary: Any, shape: Any, exchanged: bool, tmp_path: Path) -> None:
    def with_constant(x: Any) -> Any:
        x = functional.hardsigmoid(x) + 0.5
        return binary(constant(shape), x) if exchanged else binary(x, constant(shape))

    imported(tmp_path, conv(3, 4), functional.relu, with_constant)


def test_a_constant_goes_with_a_flattened_image_element_by_element(tmp_path: Path) -> None:
    steps = conv(3, 5), NN.Flatten(), lambda x: paddle.maximum(x, constant((120,))), linear(120, 7)
    assert "WithConstant" in operators(imported(tmp_path, *steps, shape=(1, 3, 6, 4)))


def test_shapes_that_do_not_go_together_are_refused(tmp_path: Path) -> None:
    sides = {"X": "image", "Y": "made.c"}
    given = program(
        operator("elementwise_max", "made", **sides), shapes={"image": (1, 2, 4, 4)}, made_c=np.ones((3, 1, 1))
    )
    with pytest.raises(
        UserError, match=r"elementwise_max \(tensor 'made'\): the shapes \(1, 2, 4, 4\) and \(1, 3, 1, 1\)"
    ):
        RelaxBuilder(given).build(OPERATORS)


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
