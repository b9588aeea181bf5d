"""EfficientNet-Lite0: EfficientNet-B0 without squeeze-and-excitation and with ReLU6, made for integers.

EfficientNet, https://arxiv.org/abs/1905.11946; its Lite variants were published without a paper, with 4.65 M parameters
and 407 M multiply-accumulates at 224 x 224 for this one. 385 M of these are the convolutions' and the classifier's.
"""

from __future__ import annotations

import paddle
from paddle import nn

from paddle_cortexm.networks.own.convolution import Classifier, ConvNorm, InvertedBottleneck

STEM, LAST = 32, 1280
# Channels, blocks, kernel, stride of the first block, expansion.
STAGES = (
    (16, 1, 3, 1, 1),
    (24, 2, 3, 2, 6),
    (40, 2, 5, 2, 6),
    (80, 3, 3, 2, 6),
    (112, 3, 5, 1, 6),
    (192, 4, 5, 2, 6),
    (320, 1, 3, 1, 6),
)


class EfficientNetLite0(nn.Layer):
    """(N, 3, H, W) to logits (N, class_num)."""

    def __init__(self, class_num: int = 1000, dropout: float = 0.2) -> None:
        super().__init__()
        layers, inputs = [ConvNorm(3, STEM, 3, 2)], STEM
        for outputs, blocks, kernel, stride, expansion in STAGES:
            for block in range(blocks):
                layers.append(InvertedBottleneck(inputs, outputs, kernel, 1 if block else stride, expansion))
                inputs = outputs
        self.features = nn.Sequential(*layers, ConvNorm(inputs, LAST, 1))
        self.classifier = Classifier(LAST, class_num, dropout)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return self.classifier(self.features(x))
