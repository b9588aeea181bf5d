"""Integer realisation: each operator is right to the rounding of its output; floats stay where they are asked to."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddle_cortexm.compiler.graph import Graph
from paddle_cortexm.compiler.integers.realisation import quantise_graph, up_to_logits
from paddle_cortexm.compiler.operators.elementwise.activation import Activation
from paddle_cortexm.compiler.operators.elementwise.add import Add
from paddle_cortexm.compiler.operators.elementwise.conversion import Dequantise, Quantise
from paddle_cortexm.compiler.operators.elementwise.multiply import IntegerMultiply, Multiply
from paddle_cortexm.compiler.operators.movement.reshape import Reshape
from paddle_cortexm.compiler.operators.parts.activation_kinds import ACTIVATION_KINDS
from paddle_cortexm.compiler.operators.parts.base import Operator
from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.compiler.operators.pools.average_pool import AveragePool
from paddle_cortexm.compiler.operators.tokens.softmax import Softmax
from paddle_cortexm.compiler.operators.weights.fully_connected import FullyConnected, IntegerFullyConnected
from paddle_cortexm.compiler.operators.weights.weighted import channel_scales
from paddle_cortexm.compiler.reference import run_integers
from paddle_cortexm.compiler.tensor import Grid
from paddle_cortexm.errors import UserError
from tests.compiler.graphs import GraphBuilder, dequantised, fully_connected, pointwise
from tests.compiler.wide_networks import BLOCK_OUTPUTS, float_blocks, full_ranges
from tests.compiler.wide_networks import PIXELS as PIXEL_RANGE

ALL_INT8 = np.arange(-128, 128, dtype=np.int64)
GRIDS = st.builds(Grid, st.floats(1e-3, 10.0), st.integers(-128, 127))
ALL_INT16 = np.arange(-16383, 16384, dtype=np.int64)
WIDE_GRIDS = st.builds(Grid, st.floats(1e-3, 10.0), st.just(0), st.just("int16"))
KINDS = st.sampled_from([row.name for row in ACTIVATION_KINDS])
SEEDS = st.integers(0, 2**32 - 1)
PIXELS = (-2.0, 2.5)
HALF_A_STEP = 0.501  # the multiplier's 31 bits may tip a tie


def on_grid(real: np.ndarray, grid: Grid) -> np.ndarray:
    """Real values in steps of an int8 grid, saturated but not rounded."""
    return np.clip(real / grid.scale + grid.zero_point, -128, 127)


def quantised(operator: Operator, interval: tuple[float, float], **options: object) -> Graph:
    """image (3 values) -> operator, in integers."""
    builder = GraphBuilder((1, 1, 1, 3))
    outputs = operator.bias.size if isinstance(operator, FullyConnected) else 3
    builder.add("made", operator, "image", shape=(1, 1, 1, outputs))
    return quantise_graph(builder.graph(), {"made": interval}, PIXELS, **options)  # type: ignore[arg-type]


@given(SEEDS, st.floats(0.1, 20.0), st.booleans())
def test_a_layer_with_weights_is_right_to_half_a_step_of_its_output(seed: int, reach: float, symmetric: bool) -> None:
    random = np.random.default_rng(seed)
    steps = random.integers(-127, 128, (5, 3))
    steps[:, 0] = 127  # the scale of each channel is then exactly what the weights were made with
    weight = steps * random.uniform(1e-3, 0.1, (5, 1)).astype(np.float32)
    graph = quantised(fully_connected(weight), (-reach, 0.7 * reach), symmetric=symmetric)
    image = random.integers(-128, 128, (64, 1, 1, 3), np.int8)
    values = run_integers(graph, image)
    real = dequantised(image, graph.tensors["image"].grid) @ weight.astype(np.float32).T.astype(np.float64)
    grid = graph.tensors["made"].grid
    assert grid is not None
    assert np.abs(values["made"] - on_grid(real, grid)).max() <= HALF_A_STEP + 2e-5 * np.abs(real).max() / grid.scale


@given(SEEDS)
def test_rounded_weights_and_biases_cost_at_most_their_own_rounding(seed: int) -> None:
    random = np.random.default_rng(seed)
    weight, bias = random.normal(0, 0.2, (5, 3)), random.normal(0, 1, 5)
    graph = quantised(fully_connected(weight, bias), (-4.0, 4.0))
    image = random.integers(-128, 128, (64, 1, 1, 3), np.int8)
    source = dequantised(image, graph.tensors["image"].grid)
    grid = graph.tensors["made"].grid
    assert grid is not None
    weight_error = np.abs(weight).max(axis=1) / 127 / 2 * np.abs(source).sum(axis=-1, keepdims=True)
    error = np.abs(run_integers(graph, image)["made"] - on_grid(source @ weight.T + bias, grid))
    assert (error <= HALF_A_STEP + weight_error / grid.scale + 1e-2).all()


@pytest.mark.parametrize(("clamp", "low", "high"), [((0.0, 6.0), 0.0, 6.0), ((0.0, None), 0.0, 8.0)])
def test_a_fused_clamp_holds_on_the_output_s_grid(clamp: tuple[float, float | None], low: float, high: float) -> None:
    weight = np.diag([5.0, -5.0, 1.0]).astype(np.float32)
    operator = FullyConnected(weight, np.zeros(3, np.float32), clamp)
    graph = quantised(operator, (-8.0, 8.0))
    image = np.random.default_rng(0).integers(-128, 128, (100, 1, 1, 3), np.int8)
    real = dequantised(run_integers(graph, image)["made"], graph.tensors["made"].grid)
    assert real.min() == pytest.approx(low) and real.max() == pytest.approx(high, rel=1e-2)


def test_a_clamp_is_kept_where_the_grid_is_wider() -> None:
    builder = GraphBuilder((1, 1, 1, 3))
    builder.add("made", FullyConnected(np.eye(3, dtype=np.float32), np.zeros(3, np.float32), (-1.0, 1.0)), "image")
    builder.add("pooled", AveragePool(Window()), "made")
    graph = quantise_graph(builder.graph(), {"made": (-1.0, 1.0)}, PIXELS, symmetric=True)
    operator = graph.layers[0].operator
    assert isinstance(operator, IntegerFullyConnected)
    assert (operator.requantisation.minimum, operator.requantisation.maximum) == (-127, 127)


@given(GRIDS, GRIDS, GRIDS)
def test_a_sum_is_right_to_half_a_step(a: Grid, b: Grid, output: Grid) -> None:
    x, y = (grid.ravel() for grid in np.meshgrid(ALL_INT8[::5], ALL_INT8[::3]))
    result = Add().integer((a, b), output).evaluate([x, y])
    own_rounding = 4 * max(a.scale, b.scale) / 2**20 / output.scale
    assert np.abs(result - on_grid(dequantised(x, a) + dequantised(y, b), output)).max() <= HALF_A_STEP + own_rounding


@given(WIDE_GRIDS, WIDE_GRIDS, WIDE_GRIDS)
def test_a_sum_of_int16_is_right_to_a_step_and_a_thousandth_of_the_larger_input_s(
    a: Grid, b: Grid, output: Grid
) -> None:
    x, y = (grid.ravel() for grid in np.meshgrid(ALL_INT16[::4000], ALL_INT16[::333]))
    result = Add().integer((a, b), output).evaluate([x, y])
    real = (dequantised(x, a) + dequantised(y, b)) / output.scale
    assert result.dtype == np.int16
    own_rounding = max(a.scale, b.scale) / output.scale / 1000
    assert np.abs(result - np.clip(real, -16383, 16383)).max() <= HALF_A_STEP + own_rounding


@given(SEEDS, st.sampled_from([("int8", "int16"), ("int16", "int8"), ("int16", "int16")]))
def test_a_convolution_between_int8_and_int16_is_right_to_half_a_step(seed: int, types: tuple[str, str]) -> None:
    random = np.random.default_rng(seed)
    source, output = (Grid(0.01, 0, dtype) for dtype in types)  # type: ignore[arg-type]
    weight = random.integers(-127, 128, (4, 9)) / 127
    weight[:, 0] = 1  # the scale of each channel's weights is then exactly 1/127
    made = pointwise(weight).integer([source], output)
    x = random.integers(source.ends[0], source.ends[1] + 1, (1, 5, 5, 9)).astype(types[0])
    result, real = made.evaluate([x]), dequantised(x, source) @ weight.T.astype(np.float64)
    assert result.dtype == types[1]
    largest = np.abs(real).max() / output.scale
    assert np.abs(result - np.clip(real / output.scale, *output.ends)).max() <= HALF_A_STEP + 1e-6 * largest


@given(st.floats(-9, 0), st.floats(0.1, 9), st.floats(-9, 0), st.floats(0.1, 9))
def test_a_product_is_right_to_half_a_step(pixel_low: float, pixel_high: float, low: float, high: float) -> None:
    builder = GraphBuilder((1, 1, 1, 3))
    builder.add("made", Multiply(), "image", "image")
    graph = quantise_graph(builder.graph(), {"made": (low, high)}, (pixel_low, pixel_high))
    operator, grid = graph.layers[0].operator, graph.tensors["made"].grid
    assert isinstance(operator, IntegerMultiply) and grid is not None
    x, y = (values.ravel() for values in np.meshgrid(ALL_INT8[::5], ALL_INT8[::3]))
    result = operator.evaluate([x, y])
    source = graph.tensors["image"].grid
    assert np.abs(result - on_grid(dequantised(x, source) * dequantised(y, source), grid)).max() <= HALF_A_STEP


@given(KINDS, GRIDS, GRIDS)
def test_a_table_holds_the_rounded_answer_for_every_input(kind: str, source: Grid, output: Grid) -> None:
    operator = Activation(kind)
    results = operator.values(dequantised(ALL_INT8, source))
    exact = on_grid(np.where(np.isnan(results), 0.0, results), output)  # no result: 0
    table = operator.integer((source,), output).table
    assert table.dtype == np.int8 and np.abs(table - exact).max() <= 0.5 + 1e-9


@pytest.mark.parametrize(
    ("kind", "points"),
    [
        ("relu", {-1: 0, 2: 2}),
        ("relu6", {-1: 0, 2: 2, 7: 6}),
        ("hard_swish", {-4: 0, -3: 0, -1.5: -0.375, 0: 0, 3: 3, 5: 5}),
        ("hard_sigmoid", {-9: 0, 0: 0.5, 1: 2 / 3, 9: 1}),
    ],
)
def test_activations_are_paddle_s(kind: str, points: dict[float, float]) -> None:
    operator = Activation(kind)
    assert operator.values(np.array(list(points), float)) == pytest.approx(list(points.values()))


@given(SEEDS, st.floats(1e-4, 1.0), st.floats(0, 1e6))
def test_a_large_bias_still_fits_into_32_bits(seed: int, source_scale: float, bias_size: float) -> None:
    random = np.random.default_rng(seed)
    wanted = random.uniform(0, 1e-3, 6) * random.integers(0, 2, 6)  # some channels have no weights
    bias = (random.normal(0, 1, 6) * bias_size).astype(np.float32)
    scales = channel_scales(wanted, bias, source_scale)
    assert (scales > 0).all() and (scales >= wanted).all()
    assert (np.abs(bias / (scales * source_scale)) <= 2**29 + 1).all()


def test_given_weight_scales_are_used_where_they_can_be() -> None:
    operator = fully_connected(np.array([[0.5, 0.25, 0.0], [0.0, 0.0, 0.0]]), np.array([0.0, 3.0]))
    graph = quantised(operator, (-4.0, 4.0), weight_scales={"made": np.array([0.5 / 100, 0.0])})
    integer = graph.layers[0].operator
    assert isinstance(integer, IntegerFullyConnected)
    assert integer.weight[0].tolist() == [100, 50, 0]
    made = run_integers(graph, np.zeros((1, 1, 1, 3), np.int8))["made"]
    assert dequantised(made, graph.tensors["made"].grid)[0, 0, 0, 1] == pytest.approx(3.0, abs=0.02)


def three_layers() -> GraphBuilder:
    builder = GraphBuilder((1, 1, 1, 3))
    builder.add("first", pointwise(np.eye(3)), "image")
    builder.add("second", Activation("relu"), "first")
    builder.add("third", Add(), "second", "first")
    return builder


RANGES = dict.fromkeys(("first", "second", "third"), (-3.0, 3.0))


def kinds(graph: Graph) -> list[str]:
    return [type(layer.operator).__name__ for layer in graph.layers]


def test_an_integer_graph_has_no_float_tensor() -> None:
    graph = quantise_graph(three_layers().graph(), RANGES, PIXELS)
    assert kinds(graph) == ["IntegerConvolution", "Table", "IntegerAdd"]
    assert all(tensor.dtype == "int8" and tensor.grid for tensor in graph.tensors.values())


def test_a_layer_kept_in_float_gets_conversions_around_it() -> None:
    graph = quantise_graph(three_layers().graph(), RANGES, PIXELS, keep_float=["second"])
    assert kinds(graph) == ["IntegerConvolution", "Dequantise", "Activation", "Quantise", "IntegerAdd"]
    assert graph.tensors["first.float"].dtype == "float32" and graph.tensors["second"].dtype == "int8"
    conversion, back = graph.layers[1].operator, graph.layers[3].operator
    assert isinstance(conversion, Dequantise) and conversion.grid == graph.tensors["first"].grid
    assert isinstance(back, Quantise) and back.grid == graph.tensors["second"].grid


def test_neighbours_kept_in_float_pass_floats_on() -> None:
    graph = quantise_graph(three_layers().graph(), RANGES, PIXELS, keep_float=["second", "third"])
    assert kinds(graph) == ["IntegerConvolution", "Dequantise", "Activation", "Add", "Quantise"]
    assert [layer.inputs for layer in graph.layers[2:4]] == [("first.float",), ("second.float", "first.float")]


def test_all_layers_may_stay_in_float() -> None:
    graph = quantise_graph(three_layers().graph(), RANGES, PIXELS, keep_float=["first", "second", "third"])
    assert kinds(graph) == ["Dequantise", "Convolution", "Activation", "Add", "Quantise"]


@pytest.mark.parametrize("name", ["first", "pointwise stem.conv", "stem.conv"])
def test_a_layer_to_keep_in_float_may_be_called_by_any_of_its_names(name: str) -> None:
    graph = three_layers().graph()
    first = replace(graph.layers[0], parameter="stem.conv")
    graph = graph.with_layers((first, *graph.layers[1:]))
    kept = quantise_graph(graph, RANGES, PIXELS, keep_float=[name])
    assert kinds(kept) == ["Dequantise", "Convolution", "Quantise", "Table", "IntegerAdd"]


def test_an_unknown_layer_to_keep_in_float_names_the_nearest() -> None:
    with pytest.raises(UserError, match=r"no layer 'secnd' \(did you mean 'second'\?\)"):
        quantise_graph(three_layers().graph(), RANGES, PIXELS, keep_float=["secnd"])


def test_an_operator_without_integer_form_says_how_to_keep_it_in_float(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Softmax, "integer", lambda *_: None)  # all that there are have one
    with pytest.raises(UserError, match=r"'softmax of the input' \(made\): softmax has no int8 form.*keep_float"):
        quantised(Softmax(), (0.0, 1.0))


def test_a_closing_softmax_is_left_to_the_program() -> None:
    builder = three_layers()
    builder.add("scores", Softmax(), "third")
    graph = up_to_logits(builder.graph())
    assert graph.output == "third" and "scores" not in graph.tensors and len(graph.layers) == 3


def test_a_closing_sigmoid_is_too_unless_what_it_gives_is_a_value() -> None:
    builder = three_layers()
    builder.add("scores", Activation("sigmoid"), "third")
    graph = builder.graph()
    assert up_to_logits(graph).output == "third" and up_to_logits(graph, keep_sigmoid=True) is graph


def test_a_graph_that_ends_in_logits_is_left_as_it_is() -> None:
    builder = three_layers()
    builder.add("flat", Reshape(), "third")
    graph = builder.graph()
    assert up_to_logits(graph) is graph


def test_a_layer_kept_in_float_reads_and_makes_int16() -> None:
    graph = float_blocks()
    made = quantise_graph(graph, full_ranges(graph), PIXEL_RANGE, keep_float=["sum"], wide=BLOCK_OUTPUTS)
    for name in BLOCK_OUTPUTS:
        assert made.tensors[name].dtype == "int16"
    conversions = [x.operator for x in made.layers if isinstance(x.operator, Dequantise | Quantise)]
    assert [x.grid for x in conversions] == [made.tensors[name].grid for name in BLOCK_OUTPUTS]
