"""Small graphs for tests, built a layer at a time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.kernels.kernel import Kernel
from paddle_cortexm.compiler.operators.elementwise.add import Add
from paddle_cortexm.compiler.operators.parts.base import Operator
from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.compiler.operators.weights.convolution import Convolution
from paddle_cortexm.compiler.operators.weights.fully_connected import FullyConnected
from paddle_cortexm.compiler.tensor import DataType, Grid, Shape, Tensor


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


def dequantised(values: NDArray[np.integer], grid: Grid | None) -> NDArray[np.float64]:
    assert grid is not None
    return grid.scale * (values.astype(np.int64) - grid.zero_point)
