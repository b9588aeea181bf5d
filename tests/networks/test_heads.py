"""The classifier, whatever a family calls it."""

from __future__ import annotations

import pytest

from paddle_cortexm.errors import UserError
from paddle_cortexm.networks.factories import factory_named
from paddle_cortexm.networks.heads import with_head

HEADS = {
    "ESNet_x0_25": {"fc.weight", "fc.bias"},
    "EfficientNetB0_small": {"_fc.weight", "_fc.bias"},
    "GhostNet_x0_5": {"fc_1.weight", "fc_1.bias"},
    "GoogLeNet": {f"_{name}.{part}" for name in ("fc_out", "out1", "out2") for part in ("weight", "bias")},
    "LeViT_128S": {"head.l.weight", "head.l.bias"},
    "MobileNetV2_x0_25": {"out.weight", "out.bias"},
    "MobileNetV3_small_x0_35": {"fc.weight", "fc.bias"},
    "SqueezeNet1_1": {"_conv9.weight", "_conv9.bias"},
}


@pytest.mark.parametrize("name", HEADS)
def test_the_head_is_what_follows_the_number_of_classes(name: str) -> None:
    assert with_head(factory_named(name), 7, seed=0).head == HEADS[name]


@pytest.mark.parametrize("name", ["MobileFaceNet", "AdaFace_IR_18"])
def test_a_backbone_without_a_classifier_is_refused(name: str) -> None:
    with pytest.raises(UserError, match=rf"model\.backbone: {name} has no classifier"):
        with_head(factory_named(name), 7, seed=0)
