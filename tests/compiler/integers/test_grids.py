"""Scales and zero points from calibrated ranges."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddle_cortexm.compiler.integers.grids import grid_of_range, tensor_grids, wide_grid_of_range
from paddle_cortexm.compiler.operators.elementwise.activation import Activation
from paddle_cortexm.compiler.operators.elementwise.add import Add
from paddle_cortexm.compiler.operators.movement.concat import Concat, Run
from paddle_cortexm.compiler.operators.movement.reshape import Reshape
from paddle_cortexm.compiler.operators.parts.base import Operator
from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.compiler.operators.pools.average_pool import AveragePool
from paddle_cortexm.compiler.operators.pools.max_pool import MaxPool
from paddle_cortexm.compiler.tensor import Grid
from paddle_cortexm.errors import UserError
from tests.compiler.graphs import GraphBuilder, pointwise
from tests.compiler.wide_networks import BLOCK_OUTPUTS, float_blocks, full_ranges

BOUNDS = st.floats(-1e4, 1e4).filter(lambda x: x == 0 or abs(x) > 1e-6)
PIXELS = (-2.0, 2.5)
HARD_SWISH = Activation("hard_swish")
HARD_SIGMOID = Activation("hard_sigmoid", {"slope": 0.2, "offset": 0.5})


def covers(grid: Grid, value: float) -> bool:
    """Whether a real value lies within half a step of the int8 grid."""
    low, high = (grid.scale * (q - grid.zero_point) for q in (-128, 127))
    return low - 0.501 * grid.scale <= value <= high + 0.501 * grid.scale


@given(BOUNDS, BOUNDS, st.booleans())
def test_the_grid_covers_the_range_and_holds_zero_exactly(a: float, b: float, symmetric: bool) -> None:
    grid = grid_of_range(min(a, b), max(a, b), symmetric=symmetric)
    assert covers(grid, a) and covers(grid, b)
    assert isinstance(grid.zero_point, int) and -128 <= grid.zero_point <= 127


@given(BOUNDS, BOUNDS)
def test_no_step_of_an_asymmetric_grid_is_wasted(a: float, b: float) -> None:
    low, high = min(a, b, 0.0), max(a, b, 0.0)
    if high > low:
        assert grid_of_range(low, high).scale == pytest.approx((high - low) / 255)


@given(st.floats(1e-6, 1e4))
def test_a_non_negative_tensor_uses_all_256_steps(high: float) -> None:
    assert grid_of_range(0.0, high).zero_point == -128
    assert grid_of_range(0.1 * high, high) == grid_of_range(0.0, high)


@given(st.floats(1e-6, 1e4))
def test_a_non_positive_tensor_too(low: float) -> None:
    assert grid_of_range(-low, 0.0).zero_point == 127


@given(BOUNDS, BOUNDS)
def test_a_symmetric_grid_has_zero_in_the_middle(a: float, b: float) -> None:
    grid = grid_of_range(min(a, b), max(a, b), symmetric=True)
    assert grid.zero_point == 0
    if a or b:
        assert grid.scale == pytest.approx(max(abs(a), abs(b)) / 127)


def test_a_tensor_that_is_always_zero_gets_a_usable_scale() -> None:
    assert grid_of_range(0.0, 0.0).scale > 0


def one_layer(operator: Operator) -> GraphBuilder:
    builder = GraphBuilder((1, 4, 4, 3))
    builder.add("made", operator, "image")
    return builder


@pytest.mark.parametrize("operator", [AveragePool(Window((4, 4))), MaxPool(Window((4, 4))), Reshape()])
def test_pools_and_reshapes_keep_their_input_s_grid(operator: Operator) -> None:
    chosen = tensor_grids(one_layer(operator).graph(), {"made": (-9.0, 9.0)}, PIXELS)
    assert chosen["made"] == chosen["image"] == grid_of_range(*PIXELS)


@pytest.mark.parametrize(
    ("operator", "producible"),
    [
        (Activation("relu"), (0.0, 9.0)),
        (Activation("relu6"), (0.0, 6.0)),
        (HARD_SWISH, (-0.375, 9.0)),
        (HARD_SIGMOID, (0.0, 1.0)),
        (Add(clamp=(0.0, None)), (0.0, 9.0)),
        (Add(clamp=(0.0, 6.0)), (0.0, 6.0)),
        (Add(), (-9.0, 9.0)),
    ],
    ids=repr,
)
def test_no_step_is_spent_on_what_the_producer_cannot_make(operator: Operator, producible: tuple[float, float]) -> None:
    chosen = tensor_grids(one_layer(operator).graph(), {"made": (-9.0, 9.0)}, PIXELS)
    assert chosen["made"] == grid_of_range(*producible)


@pytest.mark.parametrize(
    ("reader", "useful"), [(HARD_SWISH, (-3.0, 9.0)), (HARD_SIGMOID, (-2.5, 2.5)), (Activation("relu"), (-9.0, 9.0))]
)
def test_no_step_is_spent_on_what_the_reader_cannot_tell_apart(reader: Operator, useful: tuple[float, float]) -> None:
    builder = one_layer(pointwise(np.eye(3)))
    builder.add("read", reader, "made")
    chosen = tensor_grids(builder.graph(), {"made": (-9.0, 9.0), "read": (-9.0, 9.0)}, PIXELS)
    assert chosen["made"] == grid_of_range(*useful)


@pytest.mark.parametrize(("largest_result", "largest_input"), [(5.0, 5.0), (2 / 3, 1.0), (0.0, 0.0)])
def test_no_step_is_spent_on_inputs_that_saturate_hard_swish(largest_result: float, largest_input: float) -> None:
    builder = one_layer(pointwise(np.eye(3)))
    builder.add("read", HARD_SWISH, "made")
    chosen = tensor_grids(builder.graph(), {"made": (-9.0, 9.0), "read": (-0.375, largest_result)}, PIXELS)
    assert chosen["made"] == grid_of_range(-3.0, largest_input)


def test_a_second_reader_keeps_the_whole_range() -> None:
    builder = one_layer(pointwise(np.eye(3)))
    builder.add("read", HARD_SWISH, "made")
    builder.add("sum", Add(), "read", "made")
    ranges = dict.fromkeys(("made", "read", "sum"), (-9.0, 9.0))
    assert tensor_grids(builder.graph(), ranges, PIXELS)["made"] == grid_of_range(-9.0, 9.0)


def test_a_graph_output_keeps_its_whole_range_even_where_it_is_read() -> None:
    builder = one_layer(pointwise(np.eye(3)))
    builder.add("read", HARD_SWISH, "made")
    ranges = {"made": (-9.0, 9.0), "read": (-9.0, 9.0)}
    chosen = tensor_grids(builder.graph(output="made"), ranges, PIXELS)
    assert chosen["made"] == grid_of_range(-9.0, 9.0)


def test_the_input_s_grid_follows_from_the_pixels() -> None:
    chosen = tensor_grids(one_layer(Add()).graph(), {"made": (0, 1)}, PIXELS, symmetric=True)
    assert chosen["image"] == grid_of_range(*PIXELS, symmetric=True)


def test_a_tensor_without_a_range_is_named_with_the_script_to_run() -> None:
    with pytest.raises(
        UserError, match=r"no range for the result of layer 'add of the input' \(made\).*02_quantize\.py"
    ):
        tensor_grids(one_layer(Add()).graph(), {}, PIXELS)


@given(BOUNDS, BOUNDS)
def test_an_int16_grid_covers_the_range_with_zero_in_the_middle(a: float, b: float) -> None:
    grid = wide_grid_of_range(min(a, b), max(a, b))
    assert (grid.zero_point, grid.dtype) == (0, "int16") and grid.scale > 0
    assert grid.limits[1] >= max(abs(a), abs(b)) * (1 - 1e-12)


def test_the_tensors_asked_for_are_int16_and_no_others() -> None:
    graph = float_blocks()
    chosen = tensor_grids(graph, full_ranges(graph), PIXELS, wide=BLOCK_OUTPUTS)
    assert {name for name, grid in chosen.items() if grid.dtype == "int16"} == set(BLOCK_OUTPUTS)


def test_a_tensor_that_cannot_be_int16_is_refused() -> None:
    graph = float_blocks()
    with pytest.raises(UserError, match=r"16 bits for head, but 'pointwise of the input' .head. has an activation"):
        tensor_grids(graph, full_ranges(graph), PIXELS, wide=["head"])


def test_what_is_only_moved_into_a_concat_has_its_grid() -> None:
    """`kept` is read by a convolution too and keeps its own; the pool of `moved` and `moved` itself go along."""
    builder = GraphBuilder((1, 4, 4, 3))
    for name in ("kept", "moved"):
        builder.add(name, pointwise(np.ones((3, 3))), "image")
    builder.add("pooled", MaxPool(Window()), "moved")
    builder.add("both", Concat((Run(0, 0, 3), Run(1, 0, 3))), "kept", "pooled", shape=(1, 4, 4, 6))
    builder.add("read", pointwise(np.ones((3, 3))), "kept")
    graph = builder.graph("both")
    ranges = {"kept": (-1.0, 1.0), "moved": (0.0, 2.0), "both": (-1.0, 2.0), "read": (-9.0, 9.0)}
    grids = tensor_grids(graph, ranges, (-1.0, 1.0))
    assert grids["moved"] == grids["pooled"] == grids["both"] == grid_of_range(-1.0, 2.0)
    assert grids["kept"] == grid_of_range(-1.0, 1.0)


def test_concats_that_pass_channels_on_share_one_grid() -> None:
    """As the units of ShuffleNetV2: nothing is rounded on the way."""
    builder = GraphBuilder((1, 4, 4, 3))
    builder.add("new", pointwise(np.ones((3, 3))), "image")
    builder.add("first", Concat((Run(0, 0, 3), Run(1, 0, 3))), "image", "new", shape=(1, 4, 4, 6))
    builder.add("newer", pointwise(np.ones((3, 3))), "image")
    builder.add("second", Concat((Run(0, 0, 4), Run(1, 0, 3))), "first", "newer", shape=(1, 4, 4, 7))
    ranges = {"new": (-1.0, 1.0), "first": (-1.0, 1.0), "newer": (0.0, 4.0), "second": (0.0, 3.0)}
    grids = tensor_grids(builder.graph(), ranges, (-1.0, 1.0))
    assert {grids[name] for name in ranges} == {grid_of_range(-1.0, 3.0)}
