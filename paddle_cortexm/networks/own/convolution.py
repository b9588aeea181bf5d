"""What these networks are made of: a convolution with its batch norm and activation, and the inverted bottleneck."""

from __future__ import annotations

from typing import Any

import paddle
from paddle import nn


class ConvNorm(nn.Layer):
    """Convolution, batch norm, activation (None: linear). The image shrinks by the stride alone; bias: whether the
    convolution has one beside batch norm's."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int | tuple[int, int],
        stride: int | tuple[int, int] = 1,
        *,
        groups: int = 1,
        activation: type[nn.Layer] | None = nn.ReLU6,
        padding: Any = None,
        bias: bool = False,
    ) -> None:
        super().__init__()
        if padding is None:
            assert isinstance(kernel, int)
            padding = (kernel - 1) // 2
        attribute = None if bias else False  # Paddle's words for "the usual one" and "none"
        self.conv = nn.Conv2D(inputs, outputs, kernel, stride, padding, groups=groups, bias_attr=attribute)
        self.norm = nn.BatchNorm2D(outputs)
        self.activation = activation() if activation else None

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        x = self.norm(self.conv(x))
        return self.activation(x) if self.activation else x


class InvertedBottleneck(nn.Layer):
    """Pointwise to `expansion` times the channels, depthwise, linear pointwise (https://arxiv.org/abs/1801.04381); the
    input is added where the shape stays."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        inner = inputs * expansion
        self.expand = ConvNorm(inputs, inner, 1) if expansion > 1 else None
        self.depthwise = ConvNorm(inner, inner, kernel, stride, groups=inner)
        self.project = ConvNorm(inner, outputs, 1, activation=None)
        self.adds = stride == 1 and inputs == outputs

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        y = self.expand(x) if self.expand else x
        y = self.project(self.depthwise(y))
        return x + y if self.adds else y


class Classifier(nn.Layer):
    """Mean over the image, dropout, one Linear layer: (N, C, H, W) to (N, classes)."""

    def __init__(self, inputs: int, classes: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2D(1)
        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(inputs, classes)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return self.fc(self.dropout(paddle.flatten(self.pool(x), 1)))
