"""Networks whose batch norms stand elsewhere than right behind a convolution of their own, as in PaddleClas's zoo."""

from __future__ import annotations

from collections.abc import Callable

import paddle

nn, functional = paddle.nn, paddle.nn.functional
SIZE, CLASSES = 16, 5
Block = Callable[[int], paddle.nn.Layer]


class PreActivation(nn.Layer):
    """DenseNet's: norm, relu, convolution, in this order; registered the other way round."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2D(channels, channels, 3, padding=1)
        self.norm = nn.BatchNorm2D(channels)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return self.convolution(functional.relu(self.norm(x))) + x


class BehindRelu(nn.Layer):
    """Convolution, relu, norm."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2D(channels, channels, 3, padding=1)
        self.norm = nn.BatchNorm2D(channels)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return self.norm(functional.relu(self.convolution(x)))


class ReadTwice(nn.Layer):
    """The norm is not the only reader of its convolution."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2D(channels, channels, 1)
        self.norm = nn.BatchNorm2D(channels)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        y = self.convolution(x)
        return functional.relu(self.norm(y)) + y


class SharedConvolution(nn.Layer):
    """One convolution that two norms follow, at two places of the network."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2D(channels, channels, 1, bias_attr=False)
        self.first, self.second = nn.BatchNorm2D(channels), nn.BatchNorm2D(channels)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return self.second(self.convolution(functional.relu(self.first(self.convolution(x)))))


class BehindConcat(nn.Layer):
    """A norm over channels of two layers, one of which has another reader."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2D(channels, channels, 3, padding=1)
        self.norm = nn.BatchNorm2D(2 * channels)
        self.back = nn.Conv2D(2 * channels, channels, 1)

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        return self.back(functional.relu(self.norm(paddle.concat([self.convolution(x), x], axis=1))))


def with_activation(channels: int) -> paddle.nn.Layer:
    """ShuffleNetV2's and ResNeXt's: the activation is a parameter of the norm."""
    return nn.Sequential(nn.Conv2D(channels, channels, 3, padding=1), nn.BatchNorm(channels, act="relu"))


def two_norms(channels: int) -> paddle.nn.Layer:
    return nn.Sequential(nn.Conv2D(channels, channels, 1), nn.BatchNorm2D(channels), nn.BatchNorm2D(channels))


def depthwise(channels: int) -> paddle.nn.Layer:
    convolution = nn.Conv2D(channels, channels, 3, padding=1, groups=channels, bias_attr=False)
    return nn.Sequential(convolution, nn.BatchNorm2D(channels), nn.ReLU6())


BLOCKS: dict[str, Block] = {
    "pre-activation": PreActivation,
    "norm behind relu": BehindRelu,
    "convolution read twice": ReadTwice,
    "convolution shared by two norms": SharedConvolution,
    "norm behind a concat": BehindConcat,
    "activation in the norm": with_activation,
    "two norms": two_norms,
    "depthwise": depthwise,
}


def network_of(block: Block) -> paddle.nn.Layer:
    """A stem, two of the blocks and a classifier, with statistics in the norms; in evaluation mode."""
    paddle.seed(3)
    with paddle.utils.unique_name.guard():
        network = nn.Sequential(
            nn.Conv2D(3, 8, 3, stride=2, padding=1, bias_attr=False),
            nn.BatchNorm2D(8),
            nn.ReLU(),
            block(8),
            block(8),
            nn.AdaptiveAvgPool2D(1),
            nn.Flatten(),
            nn.Linear(8, CLASSES),
        )
    for layer in network.sublayers():
        if isinstance(layer, nn.BatchNorm | nn.BatchNorm2D):
            layer.weight.set_value(paddle.uniform(layer.weight.shape, min=0.5, max=1.5))
            layer.bias.set_value(paddle.uniform(layer.bias.shape, min=-0.5, max=0.5))
            layer._momentum = 0.5
    network.train()
    for _ in range(8):
        network(2 * paddle.randn([16, 3, SIZE, SIZE]) + 0.5)
    network.eval()
    return network
