"""Blocks that are trained as several branches and deployed as one convolution: RepVGG, PPLCNetV2, diverse branches.

Such a block says so by a method `re_parameterize`, as PaddleClas's do. It is called on the trained network, in
evaluation mode, before batch norm is folded: the branches' batch norms go into the one convolution.
"""

from __future__ import annotations

import numpy as np
import paddle
from numpy.typing import NDArray

from paddle_cortexm.errors import UserError

METHOD = "re_parameterize"
TOLERANCE = 1e-3  # of the largest answer: sums in another order, no more


def re_parameterise(network: paddle.nn.Layer, shape: tuple[int, int, int]) -> int:
    """Merge the branches of every such block, in place; returns how many blocks there are. shape: (height, width,
    channels) of the network's input. Raises UserError when its answers change by more than rounding."""
    blocks = [layer for layer in network.sublayers() if hasattr(layer, METHOD)]
    if not blocks:
        return 0
    network.eval()
    image = np.random.default_rng(0).normal(size=(1, shape[2], *shape[:2])).astype(np.float32)
    before = _answers(network, image)
    with paddle.utils.unique_name.guard("merged_"):  # names that no parameter of the network has
        for block in blocks:
            getattr(block, METHOD)()
    after = _answers(network, image)
    furthest = float(np.abs(after - before).max() / max(float(np.abs(before).max()), 1e-6))
    if not furthest <= TOLERANCE:
        raise UserError(
            f"model.backbone: {type(network).__name__}.{METHOD} changes the network's answers (by {furthest:.1%}), so "
            f"it cannot be deployed. Choose another backbone, and report this one to PaddleClas."
        )
    return len(blocks)


def _answers(network: paddle.nn.Layer, image: NDArray[np.float32]) -> NDArray[np.float32]:
    with paddle.no_grad():
        return network(paddle.to_tensor(image)).numpy()
