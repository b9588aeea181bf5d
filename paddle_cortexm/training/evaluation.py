"""Accuracy of a Paddle network on pixels in memory."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import paddle
from numpy.typing import NDArray

from paddle_cortexm.artefacts.training import Scores
from paddle_cortexm.data.pixels import Pixels, network_input

EVALUATION_BATCH = 64
Logits = NDArray[np.float32]


def scores(logits: Logits, targets: NDArray[np.int64]) -> Scores:
    """logits: (N, classes); targets: (N,). Of equal logits the lower class number comes first."""
    order = np.argsort(-logits, axis=1, kind="stable")[:, :5]
    hits = order == targets[:, None]
    return Scores(images=len(targets), top1=float(hits[:, 0].mean()), top5=float(hits.any(axis=1).mean()))


def all_logits(run: Callable[[NDArray[np.float32]], Logits], pixels: Pixels, table: NDArray[np.generic]) -> Logits:
    """Run (N, 3, H, W) batches through `run` and stack the answers: (images, classes)."""
    starts = range(0, len(pixels), EVALUATION_BATCH)
    return np.concatenate([run(network_input(pixels.images[s : s + EVALUATION_BATCH], table)) for s in starts])


def network_logits(network: paddle.nn.Layer, pixels: Pixels, table: NDArray[np.generic]) -> Logits:
    """The network's logits for every image; the network is in evaluation mode afterwards."""
    network.eval()
    with paddle.no_grad():
        return all_logits(lambda batch: network(paddle.to_tensor(batch)).numpy(), pixels, table)
