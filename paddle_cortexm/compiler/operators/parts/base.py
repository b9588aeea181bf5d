"""What every operator says of itself.

Activations are NHWC; the graph's shapes have batch 1, the references take any batch. A vector is (N, 1, 1, C).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.operators.parts.paddle_forms import PaddleForm
from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.compiler.tensor import Grid, Range, Shape

EVERYTHING: Range = (-float("inf"), float("inf"))
Floats = NDArray[np.float32]
Int8Array = NDArray[np.int8]
Integers = NDArray[np.signedinteger]  # int8 or int16
Int32Array = NDArray[np.int32]


class Operator(ABC):
    """What a layer computes from its inputs, in the order of the layer's."""

    @property
    def name(self) -> str:
        """The class with what is fused into it, as in IntegerConvolution+table+add."""
        return type(self).__name__

    @property
    @abstractmethod
    def layer_kind(self) -> str:
        """What reports group layers by: 'pointwise', 'depthwise 3x3', 'stem' (the convolution of the image), ..."""

    @property
    def title(self) -> str:
        """What people call it, as in 'depthwise 3×3/2'."""
        return self.layer_kind

    @abstractmethod
    def output_shape(self, inputs: Sequence[Shape]) -> Shape:
        """The result's shape."""

    @abstractmethod
    def window_over(self, source: Shape) -> Window:
        """The window over the first input, of this shape, that one result is made from; of any other input it is the
        element at the same place."""

    @property
    @abstractmethod
    def outside_value(self) -> int:
        """What stands for the first input's elements outside its image, where the window leaves it."""

    @abstractmethod
    def evaluate(self, inputs: Sequence[NDArray[Any]]) -> NDArray[Any]:
        """The reference: the result for a batch of inputs."""

    def macs(self, output: Shape) -> int:
        """Multiply-accumulates of a result of this shape: 0 unless the operator has weights."""
        return 0

    @property
    def plain_constants(self) -> tuple[NDArray[Any], ...]:
        """The weights and the bias as no kernel has packed them yet: none unless the operator has weights."""
        return ()


class FloatOperator(Operator):
    """float32 to float32."""

    @abstractmethod
    def in_paddle(self, paddle: Any) -> PaddleForm:
        """The operator as Paddle computes it, which training and calibration use. paddle: the module."""

    @property
    def producible(self) -> Range:
        """The interval that results lie in, whatever the inputs are."""
        return EVERYTHING

    @property
    def keeps_grid(self) -> bool:
        """Whether in integers the result keeps the input's scale and zero point."""
        return False

    @property
    def shares_grid(self) -> bool:
        """Whether in integers the result and all inputs are best on one grid."""
        return False

    @property
    def only_moves(self) -> bool:
        """Whether the results are some of the inputs: on their grid, nothing is rounded."""
        return False

    def distinguishable(self, result: Range | None) -> Range:
        """The interval of inputs that lead to different results; saturating outside it loses nothing. result: the range
        that the results saturate to, None where it is not known."""
        return EVERYTHING

    def integer(
        self, inputs: Sequence[Grid], output: Grid, weight_scales: NDArray[np.float64] | None = None
    ) -> Operator | None:
        """The integer twin between tensors on these grids; None: there is none. weight_scales: one an output channel,
        for operators with weights; None: max|w| / 127."""
        return None


class IntegerOperator(Operator):
    """Integers to integers, int8 or int16 (a conversion: to or from float32)."""


class Elementwise(Operator):
    """An operator whose result has the shape of its first input."""

    def output_shape(self, inputs: Sequence[Shape]) -> Shape:
        return inputs[0]

    def window_over(self, source: Shape) -> Window:
        return Window()

    @property
    def outside_value(self) -> int:
        return 0  # never read: the window stays inside
