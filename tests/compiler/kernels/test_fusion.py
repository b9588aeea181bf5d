"""Fusion behind convolutions: fewer layers, the same bits."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.integers.realisation import quantise_graph
from paddle_cortexm.compiler.kernels.fusion import fuse_epilogues
from paddle_cortexm.compiler.operators.elementwise.activation import Activation
from paddle_cortexm.compiler.operators.elementwise.add import Add, IntegerAdd
from paddle_cortexm.compiler.operators.weights.convolution import IntegerConvolution
from paddle_cortexm.compiler.reference import run_float, run_integers
from tests.compiler.graphs import GraphBuilder, pointwise

CHANNELS = 4
PIXELS = (-2.0, 2.5)


def always(graph: Graph, bare: Layer, fused: Layer) -> bool:
    return True


def quantised(builder: GraphBuilder, output: str | None = None) -> Graph:
    """In integers, each tensor on a grid of its own."""
    names = [layer.output for layer in builder.layers]
    ranges = {name: (-2.0 - 0.3 * i, 3.0 + 0.2 * i) for i, name in enumerate(names)}
    return quantise_graph(builder.graph(output), ranges, PIXELS)


def convolution(seed: int) -> object:
    return pointwise(np.random.default_rng(seed).normal(0, 0.5, (CHANNELS, CHANNELS)))


def image_block() -> GraphBuilder:
    """image -> a -> b: two convolutions."""
    builder = GraphBuilder((1, 3, 3, CHANNELS))
    builder.add("a", convolution(1), "image")  # type: ignore[arg-type]
    builder.add("b", convolution(2), "a")  # type: ignore[arg-type]
    return builder


def operators(graph: Graph) -> list[str]:
    return [layer.operator.name for layer in graph.layers]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Convolutions, tables and adds, wired at random; the output is one of the tensors."""
    builder = GraphBuilder((1, 3, 3, CHANNELS))
    names = ["image"]
    for i in range(draw(st.integers(1, 8))):
        kind = draw(st.sampled_from(["convolution", "table", "add"]))
        source, other = draw(st.sampled_from(names)), draw(st.sampled_from(names))
        if kind == "convolution":
            names.append(builder.add(f"t{i}", convolution(i), source))  # type: ignore[arg-type]
        elif kind == "table":
            names.append(builder.add(f"t{i}", Activation("hard_swish"), source))
        else:
            names.append(builder.add(f"t{i}", Add(), source, other))
    return quantised(builder, output=draw(st.sampled_from(names[1:])))


@given(graphs(), st.integers(0, 99), st.integers(0, 2**16 - 1))
def test_fusing_changes_no_bit_of_the_output(graph: Graph, seed: int, accepted: int) -> None:
    asked = iter(range(16))

    def some(graph: Graph, bare: Layer, fused: Layer) -> bool:
        return bool(accepted >> next(asked, 0) & 1)

    image = np.random.default_rng(seed).integers(-128, 128, (1, 3, 3, CHANNELS), np.int8)
    fused = fuse_epilogues(graph, some)
    assert np.array_equal(run_integers(fused, image)[graph.output], run_integers(graph, image)[graph.output])


def test_a_table_moves_into_the_convolution_before_it() -> None:
    builder = image_block()
    builder.add("table", Activation("hard_swish"), "b")
    fused = fuse_epilogues(quantised(builder), always)
    assert operators(fused) == ["IntegerConvolution", "IntegerConvolution+table"]
    assert fused.layers[1].output == fused.output == "table" and "b" not in fused.tensors


@pytest.mark.parametrize("inputs", [("b", "a"), ("a", "b")])
def test_a_residual_add_moves_into_the_later_convolution(inputs: tuple[str, str]) -> None:
    builder = image_block()
    builder.add("sum", Add(), *inputs)
    graph = quantised(builder)
    fused = fuse_epilogues(graph, always)
    assert operators(fused) == ["IntegerConvolution", "IntegerConvolution+add"]
    assert fused.layers[1].inputs == ("a", "a")  # its own input, then the residual
    own = fused.layers[1].operator
    assert isinstance(own, IntegerConvolution) and isinstance(own.epilogue.add, IntegerAdd)
    grid_of_b = graph.tensors["b"].grid
    assert grid_of_b is not None and own.epilogue.add.zero_points[0] == grid_of_b.zero_point


def test_a_table_and_then_an_add_share_one_convolution() -> None:
    builder = image_block()
    builder.add("table", Activation("hard_swish"), "b")
    builder.add("sum", Add(), "table", "a")
    assert operators(fuse_epilogues(quantised(builder), always))[1:] == ["IntegerConvolution+table+add"]


def test_a_table_behind_an_add_stays_alone() -> None:
    builder = image_block()
    builder.add("sum", Add(), "b", "a")
    builder.add("table", Activation("hard_swish"), "sum")
    assert operators(fuse_epilogues(quantised(builder), always))[1:] == ["IntegerConvolution+add", "Table"]


def test_a_second_table_stays_alone() -> None:
    builder = image_block()
    builder.add("table", Activation("hard_swish"), "b")
    builder.add("again", Activation("relu"), "table")
    assert operators(fuse_epilogues(quantised(builder), always))[1:] == ["IntegerConvolution+table", "Table"]


def test_a_tensor_with_two_readers_is_not_fused_away() -> None:
    builder = image_block()
    builder.add("table", Activation("hard_swish"), "b")
    builder.add("sum", Add(), "table", "b")
    assert operators(fuse_epilogues(quantised(builder), always)) == ["IntegerConvolution"] * 2 + ["Table", "IntegerAdd"]


def test_the_graph_s_output_is_not_fused_away() -> None:
    builder = image_block()
    builder.add("table", Activation("hard_swish"), "b")
    fused = fuse_epilogues(replace(quantised(builder), output="b"), always)
    assert fused.output == "b" and fused.producer("b") is not None


def test_nothing_is_fused_that_is_not_accepted() -> None:
    builder = image_block()
    builder.add("sum", Add(), "b", "a")
    graph = quantised(builder)
    assert fuse_epilogues(graph, lambda *_: False) == graph


def test_acceptance_is_asked_with_the_convolution_alone_and_fused() -> None:
    builder = image_block()
    builder.add("table", Activation("hard_swish"), "b")
    asked: list[tuple[str, str]] = []

    def accepts(graph: Graph, bare: Layer, fused: Layer) -> bool:
        asked.append((bare.operator.name, fused.operator.name))
        return True

    fuse_epilogues(quantised(builder), accepts)
    assert asked == [("IntegerConvolution", "IntegerConvolution+table")]


def test_an_add_of_two_convolutions_goes_behind_the_later_when_the_earlier_is_refused() -> None:
    builder = GraphBuilder((1, 3, 3, CHANNELS))
    builder.add("left", convolution(1), "image")  # type: ignore[arg-type]
    builder.add("right", convolution(2), "image")  # type: ignore[arg-type]
    builder.add("sum", Add(), "left", "right")
    tried: list[str] = []

    def refuse(graph: Graph, bare: Layer, fused: Layer) -> bool:
        tried.append(bare.output)
        return False

    fuse_epilogues(quantised(builder), refuse)
    assert tried == ["right", "left"]


# --- floats -----------------------------------------------------------------------------------------------------------


def test_floats_fuse_an_activation_and_then_a_residual() -> None:
    builder = image_block()
    builder.add("bent", Activation("hard_swish"), "b")
    builder.add("sum", Add(), "a", "bent")
    fused = fuse_epilogues(builder.graph(), always)
    assert operators(fused) == ["Convolution", "Convolution+activation+add"]
    assert fused.layers[-1].inputs == ("a", "a") and fused.layers[-1].output == "sum"


def test_floats_keep_an_activation_that_follows_the_residual() -> None:
    builder = image_block()
    builder.add("sum", Add(), "b", "a")
    builder.add("bent", Activation("hard_swish"), "sum")
    assert operators(fuse_epilogues(builder.graph(), always)) == ["Convolution", "Convolution+add", "Activation"]


def test_a_fused_float_graph_computes_the_same() -> None:
    builder = image_block()
    builder.add("bent", Activation("hard_sigmoid", {"slope": 0.2, "offset": 0.4}), "b")
    builder.add("sum", Add((0.0, None)), "bent", "a")
    image = np.random.default_rng(3).normal(size=(2, 3, 3, CHANNELS)).astype(np.float32)
    plain, fused = builder.graph(), fuse_epilogues(builder.graph(), always)
    assert np.array_equal(run_float(fused, image)["sum"], run_float(plain, image)["sum"])
