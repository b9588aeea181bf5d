"""Networks of ours beside PaddleClas's, by the name that model.backbone takes."""

from __future__ import annotations

from collections.abc import Callable

import paddle

from paddle_cortexm.networks.own.ds_cnn import DSCNN
from paddle_cortexm.networks.own.efficientnet_lite import EfficientNetLite0
from paddle_cortexm.networks.own.mcunet_like import MCUNetLike
from paddle_cortexm.networks.own.resnet8 import ResNet8

OWN: dict[str, Callable[..., paddle.nn.Layer]] = {
    "DSCNN": DSCNN,
    "EfficientNetLite0": EfficientNetLite0,
    "MCUNetLike": MCUNetLike,
    "ResNet8": ResNet8,
}
