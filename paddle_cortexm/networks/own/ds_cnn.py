"""DS-CNN: keyword spotting in MLPerf Tiny, on one channel of 49 x 10 values (time by mel coefficient).

Hello Edge, https://arxiv.org/abs/1711.07128 (DS-CNN-S); MLPerf Tiny Benchmark, https://arxiv.org/abs/2106.07597 (24,908
parameters with 12 classes, 2.7 M multiply-accumulates).
"""

from __future__ import annotations

from typing import Any

import paddle
from paddle import nn

from paddle_cortexm.networks.own.convolution import Classifier, ConvNorm

BLOCKS = 4
STEM_KERNEL = (10, 4)


def _convolution(inputs: int, outputs: int, kernel: int | tuple[int, int], **settings: Any) -> ConvNorm:
    return ConvNorm(inputs, outputs, kernel, activation=nn.ReLU, bias=True, padding="SAME", **settings)


class DSCNN(nn.Layer):
    """(N, channels, H, W) to logits (N, class_num); width: channels of all layers."""

    def __init__(self, class_num: int = 12, width: int = 64, channels: int = 1) -> None:
        super().__init__()
        layers = [_convolution(channels, width, STEM_KERNEL, stride=2), nn.Dropout(0.2)]
        for _ in range(BLOCKS):
            layers += [_convolution(width, width, 3, groups=width), _convolution(width, width, 1)]
        self.features = nn.Sequential(*layers)
        self.classifier = Classifier(width, class_num, dropout=0.4)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return self.classifier(self.features(x))
