"""Networks by name: any of PaddleClas's, with the keywords of its own, the same whenever it is built."""

from __future__ import annotations

import numpy as np
import paddle
import pytest

from paddle_cortexm.errors import UserError
from paddle_cortexm.networks.build import build
from paddle_cortexm.networks.factories import factory_named

STRIDES = {"stride_list": [2, [2, 1], [2, 1], [2, 1], [2, 1]]}


def depth_after(network: paddle.nn.Layer) -> list[int]:
    """Shape of what the last convolution block of a PPLCNet sees of an 80 x 160 image."""
    seen: list[list[int]] = []
    network.blocks6.register_forward_post_hook(lambda _, __, made: seen.append(made.shape))
    network.eval()
    network(paddle.zeros([1, 3, 80, 160]))
    return seen[0][2:]


def test_keywords_reach_the_network() -> None:
    network = build("PPLCNet_x0_25", 2, arguments={**STRIDES, "use_last_conv": False}).network
    assert depth_after(network) == [3, 80] and network.fc.weight.shape == [128, 2]


def test_a_network_does_not_depend_on_what_was_built_before() -> None:
    plain, _ = build("PPLCNet_x0_25", 2, seed=3), build("PPLCNet_x0_25", 2, arguments=STRIDES)
    again = build("PPLCNet_x0_25", 2, seed=3)
    assert depth_after(again.network) == [3, 5]
    for (name, values), (_, others) in zip(
        plain.network.named_parameters(), again.network.named_parameters(), strict=True
    ):
        assert values.name == others.name and np.array_equal(values.numpy(), others.numpy()), name


def test_an_unknown_name_gets_the_nearest_and_those_of_its_kind() -> None:
    with pytest.raises(UserError, match=r"no 'MobileNetV3_smal_x0_35' \(did you mean 'MobileNetV3_small_x0_35'\?\)"):
        factory_named("MobileNetV3_smal_x0_35")
    with pytest.raises(UserError, match=r"Of that kind: PPLCNetBaseNet.*PPLCNet_x0_25.*ResNet8"):
        factory_named("PPLCNet_x9_9")


@pytest.mark.parametrize("name", ["PPLCNet_x0_25", "MobileNetV2_x0_25", "ResNet8", "GhostNet_x0_5"])
def test_a_wrong_keyword_is_refused_with_those_there_are(name: str) -> None:
    with pytest.raises(UserError, match=rf"model\.arguments: {name} .*stride_lsit.*It takes: \w+"):
        build(name, 2, arguments={"stride_lsit": [2]})


def test_keywords_that_the_factory_gives_itself_are_not_offered() -> None:
    with pytest.raises(UserError, match=r"did you mean 'stride_list'") as error:
        build("PPLCNet_x0_25", 2, arguments={"stride_lis": [2]})
    offered = str(error.value).rpartition("It takes: ")[2].split(", ")
    assert {"use_last_conv", "dropout_prob", "act"} <= set(offered)
    assert not {"scale", "class_num", "pretrained", "self"} & set(offered)
    with pytest.raises(UserError, match=r"multiple values.*'scale'"):
        build("PPLCNet_x0_25", 2, arguments={"scale": 0.5})


def test_a_value_that_the_network_cannot_take_is_refused_with_what_it_says() -> None:
    with pytest.raises(UserError, match=r"cannot be built \(stride_list length should be 5.*'stride_list': \[2\]"):
        build("PPLCNet_x0_25", 2, arguments={"stride_list": [2]})
