"""Random float layers: an operator and input values, in one precision."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.backends.helium import HeliumBackend
from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.kernels.kernel import Kernel, Rejection
from paddle_cortexm.compiler.operators.elementwise.activation import Activation
from paddle_cortexm.compiler.operators.parts.base import FloatOperator
from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.compiler.operators.weights.convolution import Convolution
from paddle_cortexm.compiler.operators.weights.depthwise_convolution import DepthwiseConvolution
from paddle_cortexm.compiler.operators.weights.fully_connected import FullyConnected
from paddle_cortexm.compiler.operators.weights.weighted import FloatEpilogue, Weighted
from paddle_cortexm.compiler.tensor import Tensor
from tests.compiler.backends.helium.rig.cases import Case, Rows

Floats = NDArray[np.floating]
SWISH, SIGMOID = Activation("hard_swish"), Activation("hard_sigmoid", {"slope": 0.2, "offset": 0.4})


@dataclass(frozen=True)
class FloatExample:
    """One layer with its inputs."""

    operator: FloatOperator
    inputs: tuple[Floats, ...]

    @property
    def expected(self) -> Floats:
        return self.operator.evaluate([x.astype(np.float32) for x in self.inputs])

    def answer(self) -> Kernel | Rejection:
        dtype = self.inputs[0].dtype.name
        names = tuple(f"in{i}" for i in range(len(self.inputs)))
        tensors = {n: Tensor(n, x.shape, dtype) for n, x in zip(names, self.inputs, strict=True)}  # type: ignore[arg-type]
        tensors["out"] = Tensor("out", self.expected.shape, dtype)  # type: ignore[arg-type]
        layer = Layer(self.operator, names, "out")
        return HeliumBackend().select(Graph("test", "in0", "out", (layer,), tensors), layer)

    def case(self) -> Case:
        kernel = self.answer()
        assert isinstance(kernel, Kernel), kernel
        return Case(kernel, self.inputs, self.expected.shape, self.inputs[0].dtype.name)

    def row_case(self) -> Case:
        """The same through the kernel's row body."""
        return replace(self.case(), rows=Rows(getattr(self.operator, "window", Window())))


class Maker:
    """Random layers in one precision; weights are values that the precision has."""

    def __init__(self, dtype: str, seed: int = 0) -> None:
        self.dtype, self.random = dtype, np.random.default_rng(seed)

    def values(self, *shape: int, spread: float = 1.0) -> Floats:
        return self.random.normal(0, spread, shape).astype(self.dtype)

    def parameters(self, *shape: int, depth: int) -> NDArray[np.float32]:
        return self.values(*shape, spread=depth**-0.5).astype(np.float32)

    def convolution(
        self, shape: tuple[int, int], channels: tuple[int, int], window: Window, **more: object
    ) -> FloatExample:
        """shape: (height, width); channels: (in, out). A fused residual becomes the second input."""
        inputs = channels[0] // more.get("groups", 1)  # type: ignore[operator]
        weight = self.parameters(channels[1], *window.kernel, inputs, depth=inputs * int(np.prod(window.kernel)))
        operator = Convolution(weight, self.parameters(channels[1], depth=4), window, **more)  # type: ignore[arg-type]
        return self._with_residual(operator, self.values(1, *shape, channels[0]))

    def fully_connected(self, inputs: int, outputs: int, **more: object) -> FloatExample:
        weight, bias = self.parameters(outputs, inputs, depth=inputs), self.parameters(outputs, depth=4)
        return self._with_residual(FullyConnected(weight, bias, **more), self.values(1, 1, 1, inputs))  # type: ignore[arg-type]

    def depthwise(self, shape: tuple[int, int], channels: int, window: Window, **more: object) -> FloatExample:
        weight = self.parameters(*window.kernel, channels, depth=int(np.prod(window.kernel)))
        operator = DepthwiseConvolution(weight, self.parameters(channels, depth=4), window, **more)  # type: ignore[arg-type]
        return self._with_residual(operator, self.values(1, *shape, channels))

    def _with_residual(self, operator: Weighted, x: Floats) -> FloatExample:
        if operator.epilogue.add is None:
            return FloatExample(operator, (x,))
        bare = FloatExample(replace(operator, epilogue=FloatEpilogue()), (x,))
        return FloatExample(operator, (x, self.values(*bare.expected.shape)))


def square(kernel: int, stride: int = 1, padding: int | None = None) -> Window:
    p = kernel // 2 if padding is None else padding
    return Window((kernel, kernel), (stride, stride), (p, p, p, p))
