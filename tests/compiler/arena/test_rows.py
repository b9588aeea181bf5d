"""The row schedule: how many rows each tensor keeps, and that no row is overwritten before its last reader."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from paddle_cortexm.compiler.arena.rows import RowAccess, RowLayer, rolling_rows, schedule


def window(name: str, source: str, height: int, kernel: int, stride: int = 1) -> RowLayer:
    return RowLayer(name, height, (RowAccess(source, kernel, stride, kernel // 2),))


def test_a_window_of_three_rows_keeps_three() -> None:
    layers = [window("wide", "image", 8, 1), window("filtered", "wide", 8, 3), window("narrow", "filtered", 8, 1)]
    assert rolling_rows(layers, {"image": 8}) == {"wide": 3, "filtered": 1, "narrow": 1}


def test_a_residual_keeps_the_rows_its_branch_is_behind() -> None:
    filtered = window("filtered", "wide", 8, 5)
    total = RowLayer("sum", 8, (RowAccess("filtered"), RowAccess("wide")))
    assert rolling_rows([window("wide", "image", 8, 1), filtered, total], {"image": 8})["wide"] == 5


def test_the_deepest_layer_that_can_goes_first() -> None:
    layers = [window("first", "image", 4, 1), window("second", "first", 2, 3, stride=2)]
    order = [layer.output for layer in schedule(layers, {"image": 4})]
    assert order == ["first", "first", "second", "first", "first", "second"]


def test_rows_outside_the_image_need_no_place_of_their_own_but_beside_a_branch_behind() -> None:
    wide, filtered = window("wide", "image", 8, 1), window("filtered", "wide", 8, 3)
    assert rolling_rows([wide, filtered], {"image": 8})["wide"] == 3
    late = RowLayer("sum", 8, (RowAccess("again"), RowAccess("wide", 3, 1, 1)))
    again = window("again", "filtered", 8, 5)
    # Row 2 of `filtered` needs rows up to 3 of `wide`, while `sum` has yet to read the one above the first.
    assert rolling_rows([wide, filtered, again, late], {"image": 8})["wide"] == 5


def test_rows_made_at_a_time_stay_in_one_piece() -> None:
    layers = [
        RowLayer("wide", 8, (RowAccess("image"),), at_once=2),
        RowLayer("filtered", 8, (RowAccess("wide", 3, 1, 1),), at_once=2),
        RowLayer("narrow", 8, (RowAccess("filtered"),), at_once=2),
    ]
    assert rolling_rows(layers, {"image": 8}) == {"wide": 6, "filtered": 2, "narrow": 2}
    order = [layer.output for layer in schedule(layers, {"image": 8})]
    assert order[:4] == ["wide", "wide", "filtered", "narrow"]


@st.composite
def segments(draw: st.DrawFn) -> tuple[list[RowLayer], dict[str, int]]:
    """Chains with windows, strides and sums of earlier tensors of the same height."""
    heights = {"image": draw(st.integers(1, 20))}
    layers: list[RowLayer] = []
    for i in range(draw(st.integers(1, 8))):
        source = draw(st.sampled_from(list(heights)[-2:]))
        kernel, stride = draw(st.sampled_from([1, 2, 3, 5])), draw(st.integers(1, 3))
        padding = draw(st.integers(0, kernel - 1))
        height = max(1, (heights[source] + 2 * padding - kernel) // stride + 1)
        accesses = [RowAccess(source, kernel, stride, padding)]
        accesses += [RowAccess(name) for name, h in heights.items() if h == height and draw(st.booleans())]
        heights[f"t{i}"] = height
        layers.append(RowLayer(f"t{i}", height, tuple(accesses), draw(st.integers(1, 3))))
    return layers, {"image": heights["image"]}


@given(segments())
def test_every_row_still_stands_in_its_buffer_when_it_is_read(case: tuple[list[RowLayer], dict[str, int]]) -> None:
    layers, available = case
    heights = {layer.output: layer.height for layer in layers} | available
    rows = rolling_rows(layers, available) | available
    buffers = {name: [-1] * count for name, count in rows.items()}
    buffers["image"] = list(range(available["image"]))
    made = dict.fromkeys(rows, 0)
    for layer in schedule(layers, available):
        first, count = made[layer.output], layer.count_from(made[layer.output])
        for access in layer.accesses:
            size, height = rows[access.tensor], heights[access.tensor]
            window = range(access.begin(first), access.end(first + count - 1))
            if access.tensor != "image":  # rows outside the image are made where they are read
                for y in (y for y in window if not 0 <= y < height):
                    buffers[access.tensor][y % size] = y
            for y in window:
                assert buffers[access.tensor][y % size] == y or (access.tensor == "image" and not 0 <= y < height)
            if access.kernel == access.stride == 1 and access.padding == 0:  # read as one piece of memory
                assert first % rows[access.tensor] + count <= rows[access.tensor]
        assert first % rows[layer.output] + count <= rows[layer.output]
        for row in range(first, first + count):
            buffers[layer.output][row % rows[layer.output]] = row
        made[layer.output] += count
    assert made[layers[-1].output] == layers[-1].height
