"""Mixup and CutMix: images of a batch blended with others of it, and their labels with them.

Sources: https://arxiv.org/abs/1710.09412, https://arxiv.org/abs/1905.04899.
"""

from __future__ import annotations

import numpy as np
import paddle

from paddle_cortexm.training.recipe.parts import Batch, Part


class Mixing(Part):
    """mixup, cutmix: alpha of the Beta distribution of the share that an image keeps; 0 for none. With both, half of
    the batches get either."""

    def __init__(self, mixup: float, cutmix: float, classes: int) -> None:
        self._mixup, self._cutmix, self._classes = mixup, cutmix, classes

    def change_batch(self, batch: Batch, random: np.random.Generator) -> Batch:
        cuts = bool(self._cutmix) and (not self._mixup or random.random() < 0.5)
        alpha = self._cutmix if cuts else self._mixup
        kept = float(random.beta(alpha, alpha))
        partners = paddle.to_tensor(random.permutation(batch.inputs.shape[0]))
        others, shares = batch.inputs[partners], batch.shares(self._classes)
        if cuts:
            images, kept = _pasted(batch.inputs, others, kept, random)
        else:
            images = kept * batch.inputs + (1 - kept) * others
        return Batch(images, kept * shares + (1 - kept) * shares[partners])


def _pasted(
    images: paddle.Tensor, others: paddle.Tensor, kept: float, random: np.random.Generator
) -> tuple[paddle.Tensor, float]:
    """The images (N, 3, H, W) with a rectangle of 1 - kept of the area, less what lies beyond the border, taken from
    the others; and the share that they did keep."""
    height, width = images.shape[2:]
    side = float(np.sqrt(1 - kept))
    top, bottom = _span(height, side, random)
    left, right = _span(width, side, random)
    inside = paddle.zeros([1, 1, height, width], "bool")
    inside[:, :, top:bottom, left:right] = True
    return paddle.where(inside, others, images), 1 - (bottom - top) * (right - left) / (height * width)


def _span(length: int, share: float, random: np.random.Generator) -> tuple[int, int]:
    """Where a piece of `share` of the length begins and ends, its centre anywhere."""
    centre, half = int(random.integers(length)), int(length * share) // 2
    return max(0, centre - half), min(length, centre + half)
