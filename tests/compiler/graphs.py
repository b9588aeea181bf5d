"""Small graphs for tests: built a layer at a time; and integer graphs run as their definitions say, in numpy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.graph import (
    Add,
    Convolution,
    Epilogue,
    FullyConnected,
    Graph,
    IntegerAdd,
    IntegerConvolution,
    IntegerFullyConnected,
    Layer,
    Operator,
    Requantisation,
    Table,
    Window,
)
from paddle_cortexm.compiler.kernels.kernel import Kernel
from paddle_cortexm.compiler.operators.parts.fixed_point import requantise
from paddle_cortexm.compiler.tensor import DataType, Grid, Shape, Tensor

Integers = NDArray[np.int64]


class GraphBuilder:
    """`add` appends a layer and returns the name of its output, which is also the layer's."""

    def __init__(self, shape: Shape, dtype: DataType = "float32") -> None:
        self.dtype = dtype
        self.tensors = {"image": Tensor("image", shape, dtype)}
        self.layers: list[Layer] = []

    def add(self, name: str, operator: Operator, *inputs: str, shape: Shape | None = None) -> str:
        """shape: of the output; None: that of the first input."""
        self.tensors[name] = Tensor(name, shape or self.tensors[inputs[0]].shape, self.dtype)
        self.layers.append(Layer(operator, inputs, name))
        return name

    def graph(self, output: str | None = None) -> Graph:
        """The graph; its output is the last layer's unless another is named."""
        return Graph("test", "image", output or self.layers[-1].output, tuple(self.layers), dict(self.tensors))


def pointwise(weight: NDArray[np.floating], bias: NDArray[np.floating] | None = None) -> Convolution:
    """A 1x1 convolution; weight: (O, I)."""
    bias = np.zeros(len(weight)) if bias is None else bias
    return Convolution(weight[:, None, None, :].astype(np.float32), bias.astype(np.float32), Window())


def fully_connected(weight: NDArray[np.floating], bias: NDArray[np.floating] | None = None) -> FullyConnected:
    bias = np.zeros(len(weight)) if bias is None else bias
    return FullyConnected(weight.astype(np.float32), bias.astype(np.float32))


def chain(*sizes: int) -> Graph:
    """Tensors of the given bytes, each made from the one before: image -> layer1 -> layer2 ..."""
    builder = GraphBuilder((1, 1, 1, sizes[0]), "int8")
    last = "image"
    for i, size in enumerate(sizes[1:], 1):
        last = builder.add(f"layer{i}", Add(), last, shape=(1, 1, 1, size))
    return builder.graph()


def kernel(name: str = "test", **facts: object) -> Kernel:
    """A kernel of which only the named facts matter."""
    return replace(Kernel(name, "test", "a test", ""), **facts)  # type: ignore[arg-type]


# --- the integer operators, as graph.py defines them ------------------------------------------------------------------


def evaluate(graph: Graph, image: Integers) -> dict[str, Integers]:
    """Every tensor of an integer graph of pointwise and fully connected layers, tables and adds."""
    values = {graph.input: image}
    for layer in graph.layers:
        inputs = [values[name] for name in layer.inputs]
        values[layer.output] = _apply(layer.operator, inputs)
    return values


def _apply(operator: Operator, inputs: list[Integers]) -> Integers:
    match operator:
        case Table(table=table):
            return table.astype(np.int64)[inputs[0] + 128]
        case IntegerAdd():
            return integer_sum(operator, inputs[0], inputs[1])
        case IntegerConvolution(window=Window(kernel=(1, 1), stride=(1, 1))) | IntegerFullyConnected():
            weight = operator.weight.reshape(operator.bias.size, -1).astype(np.int64)
            sums = (inputs[0] - operator.input_zero_point) @ weight.T + operator.bias
            return _epilogue(operator.epilogue, scaled(sums, operator.requantisation), inputs[1:])
    raise NotImplementedError(type(operator).__name__)


def _epilogue(epilogue: Epilogue, result: Integers, residual: list[Integers]) -> Integers:
    if epilogue.table is not None:
        result = _apply(Table(epilogue.table), [result])
    return integer_sum(epilogue.add, result, residual[0]) if epilogue.add is not None else result


def scaled(sums: Integers, by: Requantisation) -> Integers:
    result = requantise(sums, by.multiplier, by.shift) + by.output_zero_point
    return np.clip(result, by.minimum, by.maximum)


def integer_sum(add: IntegerAdd, a: Integers, b: Integers) -> Integers:
    terms = [
        requantise((x - add.zero_points[i]) << add.left_shift, add.multipliers[i], add.shifts[i])
        for i, x in enumerate((a, b))
    ]
    total = requantise(terms[0] + terms[1], add.multipliers[2], add.shifts[2]) + add.output_zero_point
    return np.clip(total, add.minimum, add.maximum)


def dequantised(values: Integers, grid: Grid | None) -> NDArray[np.float64]:
    assert grid is not None
    return grid.scale * (values - grid.zero_point)
