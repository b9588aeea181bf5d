"""Kernel selection: the config's order, the reasons, and errors that name every backend's refusal."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from paddle_cortexm.compiler.graph import Activation, Graph, Layer, Reshape
from paddle_cortexm.compiler.integers.realisation import quantise_graph
from paddle_cortexm.compiler.kernels.kernel import Kernel, Rejection
from paddle_cortexm.compiler.kernels.plan import operator_name
from paddle_cortexm.compiler.kernels.selection import SelectedGraph, select_kernels, without_reshapes
from paddle_cortexm.errors import UserError
from tests.compiler.graphs import GraphBuilder, kernel, pointwise

ALL = frozenset({"IntegerConvolution", "IntegerConvolution+table", "Table"})


@dataclass
class Knows:
    """A backend that takes the named operators, as in plan.json."""

    name: str
    operators: frozenset[str] = ALL
    asked: list[str] = field(default_factory=list)

    def select(self, graph: Graph, layer: Layer) -> Kernel | Rejection:
        self.asked.append(layer.output)
        name = operator_name(layer)
        if name not in self.operators:
            return Rejection(f"no {name}")
        return kernel(f"{self.name}_{name}", backend=self.name, reason=f"{self.name} likes it")


def convolution_and_table() -> Graph:
    builder = GraphBuilder((1, 2, 2, 3))
    builder.add("mixed", pointwise(np.eye(3)), "image")
    builder.add("bent", Activation("hard_swish"), "mixed")
    return quantise_graph(builder.graph(), {"mixed": (-3.0, 3.0), "bent": (-0.4, 3.0)}, (-2.0, 2.0))


def chosen(selected: SelectedGraph) -> list[str]:
    return [selected.kernels[layer.output].name for layer in selected.graph.layers]


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
    assert "layer 'mixed' (IntegerConvolution)" in message and "compile.kernels" in message
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
