"""Inverted bottlenecks of mixed kernels and expansions, as the search of MCUNet finds them for microcontrollers.

MCUNet, https://arxiv.org/abs/2007.10319: small first layers, 7 x 7 windows where the image is large, no layer between
the last block and the classifier. Not one of its searched networks, but of the size of its `mcunet-in3` (0.74 M
parameters, 81.8 M multiply-accumulates at 176 x 176 with 1000 classes).
"""

from __future__ import annotations

import paddle
from paddle import nn

from paddle_cortexm.networks.own.convolution import Classifier, ConvNorm, InvertedBottleneck

STEM = 16
# Channels, kernel, stride, expansion of every block.
BLOCKS = (
    (8, 3, 1, 1),
    (16, 7, 2, 4),
    (16, 5, 1, 5),
    (16, 7, 1, 6),
    (24, 5, 2, 6),
    (24, 7, 1, 6),
    (24, 5, 1, 5),
    (40, 7, 2, 6),
    (40, 7, 1, 5),
    (40, 5, 1, 6),
    (48, 3, 1, 5),
    (48, 3, 1, 5),
    (96, 5, 2, 6),
    (96, 7, 1, 4),
    (96, 5, 1, 5),
    (160, 7, 1, 5),
)


class MCUNetLike(nn.Layer):
    """(N, channels, H, W) to logits (N, class_num)."""

    def __init__(self, class_num: int = 1000, channels: int = 3) -> None:
        super().__init__()
        layers, inputs = [ConvNorm(channels, STEM, 3, 2)], STEM
        for outputs, kernel, stride, expansion in BLOCKS:
            layers.append(InvertedBottleneck(inputs, outputs, kernel, stride, expansion))
            inputs = outputs
        self.features = nn.Sequential(*layers)
        self.classifier = Classifier(inputs, class_num)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return self.classifier(self.features(x))
