"""Accuracy of a Paddle network on the pixels of a split."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import paddle
from numpy.typing import NDArray

from paddle_cortexm.answers.kinds import AnswerKind
from paddle_cortexm.data.pixels import Pixels, network_input
from paddle_cortexm.data.preprocessing import Table
from paddle_cortexm.training.distributed.group import Group

EVALUATION_BATCH = 64
Logits = NDArray[np.float32]


def all_logits(run: Callable[[NDArray[np.float32]], Logits], pixels: Pixels, table: Table) -> Logits:
    """Run (N, 3, H, W) batches through `run` and stack the answers: (images, classes)."""
    return np.concatenate([run(network_input(images, table)) for images in pixels.batches(EVALUATION_BATCH)])


def network_logits(network: paddle.nn.Layer, pixels: Pixels, table: Table) -> Logits:
    """The network's logits for every image; the network is in evaluation mode afterwards."""
    network.eval()
    with paddle.no_grad():
        return all_logits(lambda batch: network(paddle.to_tensor(batch)).numpy(), pixels, table)


def merit_of(network: paddle.nn.Layer, pixels: Pixels, table: Table, group: Group, kind: AnswerKind) -> float:
    """The network's figure of merit. Each process measures its share of the images, and they keep step, so that a fast
    one does not take a slow one for dead."""
    share = pixels.share(group.rank, group.size)
    batches = share.batches(EVALUATION_BATCH)
    counts = kind.counts(share.targets[:0], share.targets[:0])
    network.eval()
    for start in range(0, math.ceil(len(pixels) / group.size), EVALUATION_BATCH):
        images, targets = next(batches, None), share.targets[start : start + EVALUATION_BATCH]
        decisions = targets  # none, where the other processes have some left
        if images is not None:
            with paddle.no_grad():
                decisions = kind.decisions(network(paddle.to_tensor(network_input(images, table))).numpy())
        counts += np.array(group.mean(kind.counts(decisions, targets).tolist())) * group.size
    return kind.merit_of(counts)
