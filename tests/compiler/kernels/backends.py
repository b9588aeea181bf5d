"""Backends that take what they are told to, and a graph for them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.integers.realisation import quantise_graph
from paddle_cortexm.compiler.kernels.kernel import Kernel, KernelGraph, Rejection
from paddle_cortexm.compiler.operators.elementwise.activation import Activation
from tests.compiler.graphs import GraphBuilder, kernel, pointwise

ALL = frozenset({"IntegerConvolution", "IntegerConvolution+table", "Table"})


@dataclass
class Knows:
    """A backend that takes the named operators, as in the plan."""

    name: str
    operators: frozenset[str] = ALL
    asked: list[str] = field(default_factory=list)

    def select(self, graph: Graph, layer: Layer) -> Kernel | Rejection:
        self.asked.append(layer.output)
        name = layer.operator.name
        if name not in self.operators:
            return Rejection(f"no {name}")
        return kernel(f"{self.name}_{name}", backend=self.name, reason=f"{self.name} likes it")


def convolution_and_table() -> Graph:
    builder = GraphBuilder((1, 2, 2, 3))
    builder.add("mixed", pointwise(np.eye(3)), "image")
    builder.add("bent", Activation("hard_swish"), "mixed")
    return quantise_graph(builder.graph(), {"mixed": (-3.0, 3.0), "bent": (-0.4, 3.0)}, (-2.0, 2.0))


def chosen(selected: KernelGraph) -> list[str]:
    return [selected.kernels[layer.output].name for layer in selected.graph.layers]
