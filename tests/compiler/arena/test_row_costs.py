"""What streaming adds to a layer: calls, pixels left over at the end of a row, single rows where two go together."""

from __future__ import annotations

import numpy as np
import pytest

from paddle_cortexm.compiler.arena.row_costs import CALL, SINGLE_ROW, added_instructions
from paddle_cortexm.compiler.graph import Graph
from paddle_cortexm.compiler.operators.parts.base import Operator
from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.compiler.operators.weights.depthwise_convolution import DepthwiseConvolution
from tests.compiler.graphs import GraphBuilder, kernel, pointwise

ROWS, WIDTH = 6, 7
FILTER = DepthwiseConvolution(np.ones((1, 1, 3), np.float32), np.zeros(3, np.float32), Window())


def one_layer(operator: Operator) -> Graph:
    builder = GraphBuilder((1, ROWS, WIDTH, 3))
    builder.add("made", operator, "image")
    return builder.graph()


@pytest.mark.parametrize(("pixels", "left_over"), [(1, 0), (3, 1), (4, 3)])
def test_each_call_costs_and_each_pixel_left_over_its_share_again(pixels: int, left_over: int) -> None:
    graph = one_layer(pointwise(np.eye(3)))
    added = added_instructions(graph, graph.layers[0], kernel(pixels_at_once=pixels), 1)
    macs_a_pixel = 3 * 3  # no costs are known of this kernel: its MACs stand for them
    assert added == pytest.approx(ROWS * (CALL + left_over * macs_a_pixel))


def test_rows_made_two_at_a_time_leave_the_pixels_of_both_over() -> None:
    graph = one_layer(pointwise(np.eye(3)))
    added = added_instructions(graph, graph.layers[0], kernel(pixels_at_once=3, rows_at_once=2), 2)
    assert added == pytest.approx(ROWS / 2 * (CALL + 2 * WIDTH % 3 * 9))


def test_a_depthwise_layer_pays_for_single_rows_where_two_could_be_made() -> None:
    graph = one_layer(FILTER)
    single, double = (added_instructions(graph, graph.layers[0], kernel(rows_at_once=2), n) for n in (1, 2))
    macs = 3 * ROWS * WIDTH
    assert single - double == pytest.approx(ROWS / 2 * CALL + SINGLE_ROW * macs)
