"""Networks for one channel are those for three, with their first weights added up."""

from __future__ import annotations

import numpy as np
import paddle
import pytest

from paddle_cortexm.networks.build import build
from paddle_cortexm.networks.input_channels import take_channels, with_summed_channels

GREY = (32, 48, 1)


@pytest.mark.parametrize("name", ["MobileNetV2_x0_25", "PPLCNet_x0_25"])
def test_a_grey_image_gets_the_answer_that_it_gets_in_three_equal_channels(name: str) -> None:
    image = np.random.default_rng(0).normal(size=(2, 1, *GREY[:2])).astype(np.float32)
    colours, grey = build(name, 5, "random", 3).network, build(name, 5, "random", 3, shape=GREY).network
    colours.eval(), grey.eval()
    expected = colours(paddle.to_tensor(image.repeat(3, axis=1))).numpy()
    np.testing.assert_allclose(grey(paddle.to_tensor(image)).numpy(), expected, rtol=1e-3, atol=1e-5)


def test_every_convolution_that_reads_the_image_is_changed_and_no_other() -> None:
    class Branches(paddle.nn.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.two = (paddle.nn.Conv2D(3, 3, side, padding=side // 2) for side in (1, 3))
            self.later = paddle.nn.Conv2D(3, 2, 1)

        def forward(self, image: paddle.Tensor) -> paddle.Tensor:
            return self.later(self.one(image) + self.two(image))

    network = Branches()
    names = [parameter.name for parameter in network.parameters()]
    take_channels(network, GREY)
    assert [layer.weight.shape[1] for layer in (network.one, network.two, network.later)] == [1, 1, 3]
    assert [parameter.name for parameter in network.parameters()] == names
    network(paddle.zeros([1, 1, 4, 4])).sum().backward()
    assert network.one.weight.grad is not None and network.training


def test_weights_for_colours_fit_a_grey_network_and_its_own_stay() -> None:
    grey, colours = np.zeros((4, 1, 3, 3)), np.arange(108.0).reshape(4, 3, 3, 3)
    own = {"first": grey, "later": colours}
    fitting = with_summed_channels({"first": colours, "later": colours}, own)
    np.testing.assert_array_equal(fitting["first"], colours.sum(axis=1, keepdims=True))
    assert fitting["later"] is colours
    assert with_summed_channels(own, own)["first"] is grey
