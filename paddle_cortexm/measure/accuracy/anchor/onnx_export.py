"""A float layer graph as an ONNX model, for other quantisers to work on. ONNX has its images as NCHW."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.operators.elementwise.activation import Activation
from paddle_cortexm.compiler.operators.elementwise.add import Add
from paddle_cortexm.compiler.operators.elementwise.multiply import Multiply
from paddle_cortexm.compiler.operators.movement.reshape import Reshape
from paddle_cortexm.compiler.operators.parts.activation_kinds import activation_kind
from paddle_cortexm.compiler.operators.parts.clamp import OPEN, Clamp
from paddle_cortexm.compiler.operators.pools.average_pool import AveragePool
from paddle_cortexm.compiler.operators.weights.weighted import Weighted
from paddle_cortexm.errors import UserError

OPSET, IR_VERSION = 17, 8
LOGITS = "logits"


def onnx_model(graph: Graph) -> onnx.ModelProto:
    """The graph, of any batch: (N, channels, height, width) to logits (N, classes). Tensors keep their names. Raises
    UserError for a layer that has no twin here."""
    writer = _Writer(graph)
    for layer in graph.layers:
        writer.add(layer)
    writer.node("Flatten", [graph.output], LOGITS)
    _, height, width, channels = graph.tensors[graph.input].shape
    source = helper.make_tensor_value_info(graph.input, TensorProto.FLOAT, ["N", channels, height, width])
    classes = graph.tensors[graph.output].elements
    result = helper.make_tensor_value_info(LOGITS, TensorProto.FLOAT, ["N", classes])
    body = helper.make_graph(writer.nodes, graph.name, [source], [result], writer.constants)
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    onnx.checker.check_model(model, full_check=True)
    return model


class _Writer:
    """Nodes and constants of the model, in order."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def node(self, kind: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, list(inputs), [output], name=f"{kind} {output}", **attributes))
        return output

    def constant(self, name: str, values: NDArray[np.float32]) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values, np.float32), name))
        return name

    def add(self, layer: Layer) -> None:
        """The nodes of one layer."""
        operator, inputs, output = layer.operator, layer.inputs, layer.output
        if isinstance(operator, Weighted):
            self._convolution(operator, inputs[0], output)
        elif isinstance(operator, Activation):
            self._activation(operator, inputs[0], output)
        elif isinstance(operator, Add):
            self.node("Add", inputs, self._before_clamp(output, operator.clamp))
            self.clamp(output, operator.clamp)
        elif isinstance(operator, Multiply):
            self.node("Mul", inputs, output)
        elif isinstance(operator, AveragePool):
            self._average_pool(operator, inputs[0], output)
        elif isinstance(operator, Reshape) and self._is_vector(inputs[0]):
            self.node("Identity", inputs, output)
        else:
            raise UserError(f"layer '{output}': {operator.name} cannot be written as ONNX")

    def _convolution(self, operator: Weighted, source: str, output: str) -> None:
        """Fully connected layers too: a 1 x 1 convolution of a vector."""
        as_convolution = operator.as_convolution()
        if as_convolution.flat and not self._is_vector(source):
            raise UserError(f"layer '{output}': a fully connected layer of an image cannot be written as ONNX")
        weight = self.constant(f"{output}.weight", as_convolution.weight)
        bias = self.constant(f"{output}.bias", operator.bias)
        window = as_convolution.window
        self.node(
            "Conv",
            [source, weight, bias],
            self._before_clamp(output, operator.clamp),
            kernel_shape=window.kernel,
            strides=window.stride,
            pads=window.padding,
            dilations=window.dilation,
            group=as_convolution.groups,
        )
        self.clamp(output, operator.clamp)

    def _activation(self, operator: Activation, source: str, output: str) -> None:
        functions = _Functions(self, output)
        try:
            activation_kind(operator.kind).paddle(functions, source, operator.parameters)
        except AttributeError:  # a function that _Functions lacks, or one of a Paddle tensor
            raise UserError(f"layer '{output}': {operator.title} is not written as ONNX here") from None

    def _average_pool(self, operator: AveragePool, source: str, output: str) -> None:
        window = operator.window
        if self._graph.tensors[source].shape[1:3] == window.kernel and not any(window.padding):
            self.node("GlobalAveragePool", [source], output)
        else:
            self.node(
                "AveragePool", [source], output, kernel_shape=window.kernel, strides=window.stride, pads=window.padding
            )

    def _before_clamp(self, output: str, clamp: Clamp) -> str:
        """What a node writes to that has this clamp behind it."""
        return output if clamp == OPEN else f"{output}.before_clamp"

    def clamp(self, output: str, clamp: Clamp, source: str = "") -> None:
        """relu or relu6, unless the clamp is open. source: what it reads, if not the node before it."""
        if clamp == OPEN:
            return
        source, (low, high) = source or self._before_clamp(output, clamp), clamp
        if (low, high) == (0, None):
            self.node("Relu", [source], output)
            return
        ends = [
            "" if end is None else self.constant(f"{output}.{name}", np.array(end, np.float32))
            for name, end in (("low", low), ("high", high))
        ]
        self.node("Clip", [source, *ends], output)

    def _is_vector(self, tensor: str) -> bool:
        return self._graph.tensors[tensor].shape[1:3] == (1, 1)


class _Functions:
    """What the rows of activation kinds call of paddle.nn.functional, written as nodes; x: a tensor's name."""

    def __init__(self, writer: _Writer, output: str) -> None:
        self._writer, self._output = writer, output

    def relu(self, x: str) -> None:
        self._writer.clamp(self._output, (0.0, None), x)

    def relu6(self, x: str) -> None:
        self._writer.clamp(self._output, (0.0, 6.0), x)

    def hardswish(self, x: str) -> None:
        self._writer.node("HardSwish", [x], self._output)

    def hardsigmoid(self, x: str, slope: float, offset: float) -> None:
        self._writer.node("HardSigmoid", [x], self._output, alpha=slope, beta=offset)
