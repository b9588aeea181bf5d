"""Kernel selection: the config's order, the reasons, and errors that name every backend's refusal."""

import pytest

from paddle_cortexm.compiler.kernels.selection import select_kernels, without_reshapes
from paddle_cortexm.compiler.operators.elementwise.activation import Activation
from paddle_cortexm.compiler.operators.movement.reshape import Reshape
from paddle_cortexm.errors import UserError
from tests.compiler.graphs import GraphBuilder
from tests.compiler.kernels.backends import Knows, chosen, convolution_and_table


def test_the_first_backend_that_takes_a_layer_gets_it() -> None:
    first, second = Knows("first", frozenset({"IntegerConvolution"})), Knows("second")
    assert chosen(select_kernels(convolution_and_table(), [first, second])) == [
        "first_IntegerConvolution",
        "second_Table",
    ]


def test_the_reason_says_why_earlier_backends_did_not() -> None:
    first, second = Knows("first", frozenset({"IntegerConvolution"})), Knows("second")
    selected = select_kernels(convolution_and_table(), [first, second])
    assert selected.kernels["bent"].reason == "second likes it; first: no Table"
    assert selected.kernels["mixed"].reason == "first likes it"


def test_an_epilogue_is_fused_where_the_preferred_backend_takes_it() -> None:
    selected = select_kernels(convolution_and_table(), [Knows("first"), Knows("second")])
    assert chosen(selected) == ["first_IntegerConvolution+table"] and list(selected.kernels) == ["bent"]


def test_a_fused_layer_does_not_move_to_a_less_preferred_backend() -> None:
    first = Knows("first", frozenset({"IntegerConvolution", "Table"}))
    assert chosen(select_kernels(convolution_and_table(), [first, Knows("second")])) == [
        "first_IntegerConvolution",
        "first_Table",
    ]


def test_a_layer_nobody_takes_is_named_with_every_refusal() -> None:
    backends = [Knows("first", frozenset()), Knows("second", frozenset({"Table"}))]
    with pytest.raises(UserError) as error:
        select_kernels(convolution_and_table(), backends)
    message = str(error.value)
    assert "layer 'pointwise of the input' (mixed)" in message and "compile.kernels" in message
    assert "first: no IntegerConvolution" in message and "second: no IntegerConvolution" in message


def test_reshapes_vanish_and_their_readers_take_the_tensor_as_it_is() -> None:
    builder = GraphBuilder((1, 2, 2, 3))
    builder.add("flat", Reshape(), "image", shape=(1, 1, 1, 12))
    builder.add("flatter", Reshape(), "flat", shape=(1, 1, 1, 12))
    builder.add("bent", Activation("relu"), "flatter")
    graph = without_reshapes(builder.graph())
    assert [layer.inputs for layer in graph.layers] == [("image",)]
    assert set(graph.tensors) == {"image", "bent"}


def test_a_graph_that_ends_in_a_reshape_ends_in_what_was_reshaped() -> None:
    builder = GraphBuilder((1, 2, 2, 3))
    builder.add("bent", Activation("relu"), "image")
    builder.add("flat", Reshape(), "bent", shape=(1, 1, 1, 12))
    assert without_reshapes(builder.graph()).output == "bent"
