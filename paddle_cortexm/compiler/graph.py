"""The layer graph: what stands between Relax and the emitted C.

A graph is a list of layers in execution order. Every layer makes one tensor, named as in the Paddle program.
Activations are NHWC with batch 1; a vector is (1, 1, 1, C). Convolution weights are OHWI, depthwise weights HWC,
fully connected weights OI.

There are float operators (`Convolution`, ...) and, after integer realisation, their integer twins
(`IntegerConvolution`, ...). The arithmetic of the integer ones is CMSIS-NN's, with single rounding:

    requantise(a, multiplier, shift) = floor(a * multiplier * 2**(shift - 31) + 1/2)      (64-bit intermediate)

where multiplier is in [2**30, 2**31) (or 0) and shift is the exponent (positive: left). The result of an integer
layer is requantise(...) + output zero point, clamped to [minimum, maximum].
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.tensor import Grid, Tensor

# --- float operators ------------------------------------------------------------------------------------------------

ActivationKind = Literal["relu", "relu6", "hard_swish", "hard_sigmoid"]


@dataclass(frozen=True)
class Window:
    """Geometry of a convolution or pooling window: (height, width) pairs; padding is (top, left, bottom, right)."""

    kernel: tuple[int, int] = (1, 1)
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)


@dataclass(frozen=True)
class Add:
    """Elementwise sum of two tensors of one shape."""

    clamp: tuple[float | None, float | None] = (None, None)


@dataclass(frozen=True)
class Activation:
    """A unary function that does not fold into its producer. hard_sigmoid and hard_swish are Paddle's
    (hard_sigmoid slope and offset in `slope`, `offset`: max(0, min(1, slope * x + offset)))."""

    kind: ActivationKind
    slope: float = 1.0 / 6.0
    offset: float = 0.5


@dataclass(frozen=True)
class FloatEpilogue:
    """What the plan fused behind a float convolution or fully connected layer, in this order. A residual is the layer's
    second input."""

    activation: Activation | None = None
    add: Add | None = None


@dataclass(frozen=True)
class Convolution:
    """2-D convolution. weight: OHWI, bias: (O,). clamp: fused relu / relu6 as (low, high), None where open."""

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
    window: Window
    clamp: tuple[float | None, float | None] = (None, None)
    epilogue: FloatEpilogue = field(default_factory=FloatEpilogue)


@dataclass(frozen=True)
class DepthwiseConvolution:
    """Depthwise convolution with channel multiplier 1. weight: HWC, bias: (C,)."""

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
    window: Window
    clamp: tuple[float | None, float | None] = (None, None)
    epilogue: FloatEpilogue = field(default_factory=FloatEpilogue)


@dataclass(frozen=True)
class FullyConnected:
    """weight: OI, bias: (O,). The input is taken as one flat vector in NHWC order."""

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
    clamp: tuple[float | None, float | None] = (None, None)
    epilogue: FloatEpilogue = field(default_factory=FloatEpilogue)


@dataclass(frozen=True)
class Multiply:
    """Product; the second input may be (1, 1, 1, C) and is then broadcast over height and width."""


@dataclass(frozen=True)
class AveragePool:
    """Mean over the window; padding is not counted. A global pool has the input's height and width as kernel."""

    window: Window


@dataclass(frozen=True)
class MaxPool:
    """Largest value in the window; padding never wins."""

    window: Window


@dataclass(frozen=True)
class Softmax:
    """Softmax over the channels."""


@dataclass(frozen=True)
class Reshape:
    """Same elements, same order, another shape (flatten)."""


# --- integer operators ----------------------------------------------------------------------------------------------

Int8Array = NDArray[np.int8]
Int32Array = NDArray[np.int32]


@dataclass(frozen=True)
class Requantisation:
    """Per-channel (length C) or per-tensor (length 1) fixed-point scale and the clamp of the result.

    output = clamp(requantise(accumulator, multiplier[c], shift[c]) + output_zero_point, minimum, maximum)
    """

    multiplier: Int32Array
    shift: Int32Array
    output_zero_point: int
    minimum: int = -128
    maximum: int = 127


@dataclass(frozen=True)
class IntegerAdd:
    """CMSIS-NN's elementwise add, per element:

    a = requantise((x0 - zero_points[0]) << left_shift, multipliers[0], shifts[0]); b likewise from x1
    output = clamp(requantise(a + b, multipliers[2], shifts[2]) + output_zero_point, minimum, maximum)
    """

    zero_points: tuple[int, int]
    left_shift: int
    multipliers: tuple[int, int, int]
    shifts: tuple[int, int, int]
    output_zero_point: int
    minimum: int = -128
    maximum: int = 127


@dataclass(frozen=True)
class Epilogue:
    """What the plan fused behind an integer convolution, in this order; each is int8 to int8, so that the result
    equals the separate layers bit for bit. A residual is the layer's second input (x1 of `add`; the convolution's own
    result is x0)."""

    table: Int8Array | None = None
    add: IntegerAdd | None = None


@dataclass(frozen=True)
class IntegerConvolution:
    """accumulator = bias + sum(weight * (x - input_zero_point)); padding contributes 0. weight: OHWI int8."""

    weight: Int8Array
    bias: Int32Array
    window: Window
    input_zero_point: int
    requantisation: Requantisation
    epilogue: Epilogue = field(default_factory=Epilogue)


@dataclass(frozen=True)
class IntegerDepthwiseConvolution:
    """As IntegerConvolution, one filter a channel. weight: HWC int8."""

    weight: Int8Array
    bias: Int32Array
    window: Window
    input_zero_point: int
    requantisation: Requantisation
    epilogue: Epilogue = field(default_factory=Epilogue)


@dataclass(frozen=True)
class IntegerFullyConnected:
    """weight: OI int8; the requantisation is per channel (length O)."""

    weight: Int8Array
    bias: Int32Array
    input_zero_point: int
    requantisation: Requantisation
    epilogue: Epilogue = field(default_factory=Epilogue)


@dataclass(frozen=True)
class IntegerMultiply:
    """accumulator = (x0 - zero_points[0]) * (x1 - zero_points[1]); x1 may be (1, 1, 1, C), broadcast."""

    zero_points: tuple[int, int]
    requantisation: Requantisation


@dataclass(frozen=True)
class IntegerAveragePool:
    """Mean of the int8 values in the window (padding not counted), rounded half away from zero; input and output
    share their quantisation. This is arm_avgpool_s8."""

    window: Window


@dataclass(frozen=True)
class IntegerMaxPool:
    """Largest int8 value in the window; input and output share their quantisation."""

    window: Window


@dataclass(frozen=True)
class Table:
    """output = table[x + 128]; 256 int8 entries."""

    table: Int8Array


@dataclass(frozen=True)
class Quantise:
    """float32 to int8: clamp(round half to even(x / scale) + zero_point)."""

    grid: Grid


@dataclass(frozen=True)
class Dequantise:
    """int8 to float32."""

    grid: Grid


FloatOperator = (
    Convolution
    | DepthwiseConvolution
    | FullyConnected
    | Add
    | Multiply
    | AveragePool
    | MaxPool
    | Activation
    | Softmax
    | Reshape
)
IntegerOperator = (
    IntegerConvolution
    | IntegerDepthwiseConvolution
    | IntegerFullyConnected
    | IntegerAdd
    | IntegerMultiply
    | IntegerAveragePool
    | IntegerMaxPool
    | Table
    | Quantise
    | Dequantise
)
Operator = FloatOperator | IntegerOperator


@dataclass(frozen=True)
class Layer:
    """One operator: tensors in (by name), one tensor out, whose name is also the layer's. parameter: what the network
    calls the weights it comes from, as in 'blocks4.0.dw_conv'; empty where there are none."""

    operator: Operator
    inputs: tuple[str, ...]
    output: str
    parameter: str = ""


@dataclass(frozen=True)
class Graph:
    """Layers in execution order; `tensors` holds every activation by name, the input and the output included."""

    name: str
    input: str
    output: str
    layers: tuple[Layer, ...]
    tensors: dict[str, Tensor]

    def inputs_of(self, layer: Layer) -> tuple[Tensor, ...]:
        return tuple(self.tensors[name] for name in layer.inputs)

    def output_of(self, layer: Layer) -> Tensor:
        return self.tensors[layer.output]

    def consumers(self, tensor: str) -> Iterator[Layer]:
        return (layer for layer in self.layers if tensor in layer.inputs)

    def producer(self, tensor: str) -> Layer | None:
        return next((layer for layer in self.layers if layer.output == tensor), None)

    def with_layers(self, layers: tuple[Layer, ...]) -> Graph:
        """The same graph with other layers; tensors nobody names any more are dropped."""
        named = {self.input, self.output} | {n for layer in layers for n in (*layer.inputs, layer.output)}
        return replace(self, layers=layers, tensors={k: v for k, v in self.tensors.items() if k in named})


def last_readers(graph: Graph) -> dict[str, int]:
    """The number of the last layer that reads each tensor; the output lives to the end."""
    readers = {name: i for i, layer in enumerate(graph.layers) for name in layer.inputs}
    return readers | {graph.output: len(graph.layers) - 1}


def multiply_accumulates(graph: Graph, layer: Layer) -> int:
    """MACs of one layer (0 for everything that is not a convolution or fully connected)."""
    operator, output = layer.operator, graph.output_of(layer)
    if isinstance(operator, Convolution | IntegerConvolution):
        return output.elements * int(np.prod(operator.weight.shape[1:]))
    if isinstance(operator, DepthwiseConvolution | IntegerDepthwiseConvolution):
        return output.elements * int(np.prod(operator.weight.shape[:2]))
    if isinstance(operator, FullyConnected | IntegerFullyConnected):
        return int(operator.weight.size)
    return 0
