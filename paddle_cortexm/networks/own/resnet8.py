"""ResNet8: image classification in MLPerf Tiny, three residual stages on 32 x 32 pixels.

MLPerf Tiny Benchmark, https://arxiv.org/abs/2106.07597 (there `resnet_v1_eembc`: 78,666 parameters with 10 classes,
12.5 M multiply-accumulates); residual networks: https://arxiv.org/abs/1512.03385.
"""

from __future__ import annotations

import paddle
from paddle import nn

from paddle_cortexm.networks.own.convolution import Classifier, ConvNorm


class _Residual(nn.Layer):
    """Two 3 x 3 convolutions beside the input, or beside a 1 x 1 convolution of it where the shape changes."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.first = ConvNorm(inputs, outputs, 3, stride, activation=nn.ReLU, bias=True)
        self.second = ConvNorm(outputs, outputs, 3, activation=None, bias=True)
        changes = stride > 1 or inputs != outputs
        self.shortcut = nn.Conv2D(inputs, outputs, 1, stride) if changes else None
        self.relu = nn.ReLU()

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        beside = self.shortcut(x) if self.shortcut else x
        return self.relu(self.second(self.first(x)) + beside)


class ResNet8(nn.Layer):
    """(N, channels, H, W) to logits (N, class_num); width: channels of the first stage."""

    def __init__(self, class_num: int = 10, width: int = 16, channels: int = 3) -> None:
        super().__init__()
        self.stem = ConvNorm(channels, width, 3, activation=nn.ReLU, bias=True)
        self.stages = nn.Sequential(
            _Residual(width, width, 1), _Residual(width, 2 * width, 2), _Residual(2 * width, 4 * width, 2)
        )
        self.classifier = Classifier(4 * width, class_num)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return self.classifier(self.stages(self.stem(x)))
