"""Accuracy of a Paddle network on the pixels of a split."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import paddle
from numpy.typing import NDArray

from paddle_cortexm.artefacts.training import Scores
from paddle_cortexm.data.pixels import Pixels, network_input
from paddle_cortexm.data.preprocessing import Table
from paddle_cortexm.training.distributed.group import Group

EVALUATION_BATCH = 64
Logits = NDArray[np.float32]


def scores(logits: Logits, targets: NDArray[np.int64]) -> Scores:
    """logits: (N, classes); targets: (N,). Of equal logits the lower class number comes first."""
    order = np.argsort(-logits, axis=1, kind="stable")[:, :5]
    hits = order == targets[:, None]
    return Scores(images=len(targets), top1=float(hits[:, 0].mean()), top5=float(hits.any(axis=1).mean()))


def all_logits(run: Callable[[NDArray[np.float32]], Logits], pixels: Pixels, table: Table) -> Logits:
    """Run (N, 3, H, W) batches through `run` and stack the answers: (images, classes)."""
    return np.concatenate([run(network_input(images, table)) for images in pixels.batches(EVALUATION_BATCH)])


def network_logits(network: paddle.nn.Layer, pixels: Pixels, table: Table) -> Logits:
    """The network's logits for every image; the network is in evaluation mode afterwards."""
    network.eval()
    with paddle.no_grad():
        return all_logits(lambda batch: network(paddle.to_tensor(batch)).numpy(), pixels, table)


def top1_of(network: paddle.nn.Layer, pixels: Pixels, table: Table, group: Group) -> float:
    """Share of the images whose class is the network's first answer. Each process measures its share of them, and they
    keep step, so that a fast one does not take a slow one for dead."""
    share, network_right = pixels.share(group.rank, group.size), 0.0
    batches = share.batches(EVALUATION_BATCH)
    network.eval()
    for start in range(0, math.ceil(len(pixels) / group.size), EVALUATION_BATCH):
        images, right = next(batches, None), 0
        if images is not None:
            with paddle.no_grad():
                answers = network(paddle.to_tensor(network_input(images, table))).numpy().argmax(axis=1)
            right = int((answers == share.targets[start : start + EVALUATION_BATCH]).sum())
        network_right += group.mean([right])[0] * group.size
    return network_right / len(pixels)
