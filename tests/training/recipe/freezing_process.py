"""One of two processes that train with a backbone frozen in the first epoch: prints how far their weights are apart
after the second. Started by paddle.distributed.launch."""

from __future__ import annotations

import numpy as np
import paddle

from paddle_cortexm.networks.build import build
from paddle_cortexm.training.distributed.group import launched_group
from paddle_cortexm.training.recipe.freezing import FrozenBackbone

CLASSES, IMAGES = 4, 8

group = launched_group()
group.join()
made = build("MobileNetV2_x0_25", CLASSES)
network = made.network
weights = [parameter for parameter in network.parameters() if not parameter.stop_gradient]
optimiser = paddle.optimizer.Momentum(0.01, parameters=weights)
backbone, parallel = FrozenBackbone(network, made.head, epochs=1), group.parallel(network, freezes=True)
random = np.random.default_rng(group.rank)
for epoch in (1, 2):
    network.train()
    backbone.before_epoch(epoch)
    images = paddle.to_tensor(random.normal(size=(IMAGES, 3, 32, 32)).astype(np.float32))
    labels = paddle.to_tensor(random.integers(CLASSES, size=IMAGES))
    paddle.nn.functional.cross_entropy(parallel(images), labels).backward()
    optimiser.step()
    optimiser.clear_grad()
own = [weight.clone() for weight in weights]
group.average(weights)
furthest = max(float((mine - mean).abs().max()) for mine, mean in zip(own, weights, strict=True))
print(f"furthest apart: {furthest}", flush=True)
