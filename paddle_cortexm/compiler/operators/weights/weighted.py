"""What convolutions, depthwise convolutions and fully connected layers share: weights, bias, and what is fused behind.

Integer weights have a scale an output channel, symmetric; a bias is int32 in steps of weight scale times input scale.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.operators.elementwise.activation import Activation, Table
from paddle_cortexm.compiler.operators.elementwise.add import Add, IntegerAdd
from paddle_cortexm.compiler.operators.parts.base import (
    FloatOperator,
    Floats,
    Int8Array,
    Int32Array,
    IntegerOperator,
    Integers,
    Operator,
)
from paddle_cortexm.compiler.operators.parts.clamp import OPEN, Clamp, clamp_range, clamped
from paddle_cortexm.compiler.operators.parts.paddle_forms import (
    PaddleForm,
    clamped_in_paddle,
    flattened,
    window_settings,
)
from paddle_cortexm.compiler.operators.parts.requantisation import Requantisation, requantisation
from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.compiler.tensor import Grid, Range

BIAS_LIMIT = 1 << 29  # keeps bias plus any sum of products inside int32
LARGEST_WEIGHT = 127  # of int8: -128 is not used
SMALLEST_SCALE = 1e-8
Scales = NDArray[np.float64]


@dataclass(frozen=True)
class FloatEpilogue:
    """What the plan fused behind a float convolution or fully connected layer, in this order. A residual is the layer's
    second input."""

    activation: Activation | None = None
    add: Add | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """What there is of it, as in the name of an operator."""
        return tuple(name for name in ("activation", "add") if getattr(self, name) is not None)

    def of(self, values: Floats, residual: Sequence[NDArray[Any]]) -> Floats:
        """The layer's result. residual: the layer's inputs behind the first."""
        if self.activation is not None:
            values = self.activation.evaluate([values])
        return values if self.add is None else self.add.evaluate([values, residual[0].reshape(values.shape)])


@dataclass(frozen=True)
class Epilogue:
    """What the plan fused behind an integer convolution, in this order; each is from integers to integers, so that the
    result equals the separate layers bit for bit. A residual is the layer's second input (x1 of `add`; the
    convolution's own result is x0)."""

    table: Table | None = None
    add: IntegerAdd | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """What there is of it, as in the name of an operator."""
        return tuple(name for name in ("table", "add") if getattr(self, name) is not None)

    def of(self, values: Integers, residual: Sequence[NDArray[Any]]) -> Integers:
        """The layer's result. residual: the layer's inputs behind the first."""
        if self.table is not None:
            values = self.table.evaluate([values])
        return values if self.add is None else self.add.evaluate([values, residual[0].reshape(values.shape)])


NO_FLOAT_EPILOGUE, NO_EPILOGUE = FloatEpilogue(), Epilogue()


@dataclass(frozen=True)
class HasWeights(Operator):
    """A sum of products a value, plus a bias an output channel, of floats or of integers. The weights' layout is the
    operator's own."""

    weight: NDArray[Any]
    bias: NDArray[Any]

    @property
    def plain_constants(self) -> tuple[NDArray[Any], ...]:
        return self.weight, self.bias


@dataclass(frozen=True)
class GroupedConvolution:
    """A layer's sums of products as frameworks with NCHW tensors have them. weight: OIHW, I being a group's inputs.
    flat: the layer's input is one pixel, its values in NHWC order as channels."""

    weight: Floats
    window: Window
    groups: int = 1
    flat: bool = False


@dataclass(frozen=True)
class Weighted(FloatOperator, HasWeights):
    """Sums of floats. clamp: the fused relu or relu6, (low, high), None where open; epilogue: what is fused behind."""

    weight: Floats
    bias: Floats
    clamp: Clamp = OPEN
    epilogue: FloatEpilogue = NO_FLOAT_EPILOGUE

    @abstractmethod
    def as_convolution(self) -> GroupedConvolution:
        """The sums, without bias, clamp and epilogue."""

    @abstractmethod
    def from_oihw(self, weight: Floats) -> Floats:
        """Weights as `as_convolution` has them, in the operator's own layout."""

    @abstractmethod
    def patches(self, inputs: Floats, most: int) -> NDArray[np.float64]:
        """What single sums are made from, of inputs (N, H, W, C), in the order of `weight_rows`: (groups, patches,
        products); one group where all output channels see the same, else as many output channels each. About `most`
        of them where there are more."""

    @abstractmethod
    def weight_rows(self) -> Floats:
        """The weights as (output channels, products of each)."""

    @abstractmethod
    def from_rows(self, rows: NDArray[Any]) -> NDArray[Any]:
        """The other way round: values as `weight_rows` orders them, in the weights' layout."""

    @abstractmethod
    def by_channel(self, values: Scales) -> Scales:
        """One value an output channel, shaped to multiply the weights."""

    @abstractmethod
    def integer_twin(
        self, weight: Int8Array, bias: Int32Array, input_zero_point: int, scale: Requantisation
    ) -> IntegerWeighted:
        """The same geometry in integers. weight: in the operator's own layout."""

    @property
    def outside_value(self) -> int:
        return 0

    @property
    def name(self) -> str:
        return "+".join([type(self).__name__, *self.epilogue.names])

    @property
    def producible(self) -> Range:
        return clamp_range(self.clamp)

    def unclamped(self) -> Self:
        """The operator without its fused relu or relu6."""
        return replace(self, clamp=OPEN)

    def with_weights(self, weight: Floats, bias: Floats) -> Self:
        return replace(self, weight=weight, bias=bias)

    def finished(self, sums: NDArray[Any], inputs: Sequence[NDArray[Any]]) -> Floats:
        """Clamp and epilogue of sums with their bias."""
        return self.epilogue.of(clamped(sums, self.clamp), inputs[1:])

    def in_paddle(self, paddle: Any) -> PaddleForm:
        weight, bias = paddle.to_tensor(self.as_convolution().weight), paddle.to_tensor(self.bias)
        return lambda inputs: self.computed_in_paddle(paddle, inputs[0], weight, bias)

    def computed_in_paddle(self, paddle: Any, x: Any, weight: Any, bias: Any) -> Any:
        """The layer with these weights, as `as_convolution` has them: all are Paddle's tensors."""
        assert self.epilogue == NO_FLOAT_EPILOGUE, "layers are fused when the plan is made, which Paddle does not see"
        product = self.as_convolution()
        dilation = list(product.window.dilation)
        settings = window_settings(product.window) | {"dilation": dilation, "groups": product.groups}
        x = flattened(x) if product.flat else x
        return clamped_in_paddle(paddle, paddle.nn.functional.conv2d(x, weight, bias, **settings), self.clamp)

    def integer_weights(
        self, source_scale: float, wanted: Scales | None = None
    ) -> tuple[Int8Array, Int32Array, Scales]:
        """int8 weights in the operator's own layout, int32 bias, and the scale of each output channel's weights.

        wanted: scales to use where the bias allows it; None: max|w| / 127 of each channel.
        """
        rows = self.weight_rows().astype(np.float64)
        wanted = np.abs(rows).max(axis=1) / LARGEST_WEIGHT if wanted is None else np.asarray(wanted, np.float64)
        scales = channel_scales(wanted, self.bias, source_scale)
        steps = self.weight / self.by_channel(scales)
        weight = np.clip(np.round(steps), -LARGEST_WEIGHT, LARGEST_WEIGHT).astype(np.int8)
        return weight, np.round(self.bias / (scales * source_scale)).astype(np.int32), scales

    def integer(self, inputs: Sequence[Grid], output: Grid, weight_scales: Scales | None = None) -> IntegerWeighted:
        source = inputs[0]
        weight, bias, scales = self.integer_weights(source.scale, weight_scales)
        scale = requantisation(source.scale * scales / output.scale, output, self.clamp)
        return self.integer_twin(weight, bias, source.zero_point, scale)


@dataclass(frozen=True)
class IntegerWeighted(IntegerOperator, HasWeights):
    """accumulator = bias + sum(weight * (x - input_zero_point)), requantised (length O or 1); then the epilogue."""

    weight: Int8Array
    bias: Int32Array
    input_zero_point: int
    requantisation: Requantisation
    epilogue: Epilogue = NO_EPILOGUE

    @property
    def outside_value(self) -> int:
        return self.input_zero_point

    @property
    def name(self) -> str:
        return "+".join([type(self).__name__, *self.epilogue.names])


def channel_scales(wanted: Scales, bias: NDArray[np.floating], source_scale: float) -> Scales:
    """Per-channel weight scales: as wanted, larger where the bias would not fit into int32 otherwise.

    A channel without weights, whose wanted scale is 0, gets the scale its bias needs, at least 1e-8.
    """
    from_bias = np.abs(bias.astype(np.float64)) / (source_scale * BIAS_LIMIT)
    return np.maximum(np.maximum(wanted, from_bias), SMALLEST_SCALE)
