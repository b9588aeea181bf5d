"""Whether the calibration images are like those that the network was trained on: its batch norms remember them.

A batch norm keeps mean and variance of its input over the training images, a channel each. They are compared with those
over the calibration images as two normal distributions, by the Hellinger distance: 0 for equal ones, 1 for ones that
have nothing in common. A layer's distance is the median over its channels. What counts is the first layer, which sees
little but pixel values, and the median over the first third of the layers. Deeper ones say less: there the variance of
training hangs on rare images, and a few photos of the same kind may be far from it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import paddle
from numpy.typing import NDArray

from paddle_cortexm.artefacts.quantisation import BatchNormShift
from paddle_cortexm.progress import progress

NORMS = (paddle.nn.BatchNorm, paddle.nn.BatchNorm2D)
BATCH = 16
MOST_IMAGES = 128  # more of them do not change the figures
EARLY_SHARE = 3  # the first third
# By experiment with networks for ImageNet, CIFAR-10, digits and pages: 16 images such as they are for are at most 0.20
# off; digits or CIFAR-10 in an ImageNet network 0.28 and more, photos in one for pages 0.29, a wrong mean and deviation
# 0.23. Channels in the wrong order change too little to be told from chance.
LIMIT = 0.22


@dataclass
class _Moments:
    """Mean and mean square of every channel of a layer's input, an image each."""

    means: list[NDArray[np.float64]] = field(default_factory=list)
    squares: list[NDArray[np.float64]] = field(default_factory=list)

    def add(self, values: NDArray[np.float32]) -> None:
        """values: (N, C, H, W) or (N, C)."""
        reals = values.reshape(*values.shape[:2], -1).astype(np.float64)
        self.means.append(reals.mean(axis=2))
        self.squares.append(np.square(reals).mean(axis=2))

    def mean_and_variance(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Over all images and places: (C,) each."""
        mean = np.concatenate(self.means).mean(axis=0)
        return mean, np.maximum(np.concatenate(self.squares).mean(axis=0) - mean**2, 0)


def batch_norm_shift(
    network: paddle.nn.Layer, images: NDArray[np.float32], *, quiet: bool = False
) -> BatchNormShift | None:
    """How far (N, 3, H, W) calibration images are from the running statistics of the network's batch norms. None for a
    network without."""
    norms = {name: layer for name, layer in network.named_sublayers() if isinstance(layer, NORMS)}
    seen = _moments(network, norms, images[:MOST_IMAGES], quiet=quiet) if norms else {}
    if not seen:
        return None
    early = list(seen)[: -(-len(seen) // EARLY_SHARE)]
    distances = [_distance(norms[name], seen[name]) for name in early]
    furthest = int(np.argmax(distances))
    return BatchNormShift(
        first=distances[0],
        early=float(np.median(distances)),
        furthest=distances[furthest],
        furthest_layer=early[furthest].rpartition(".")[0] or early[furthest],
        limit=LIMIT,
    )


def shift_warning(shift: BatchNormShift) -> str | None:
    """What to say of images that are far off; None for those that are not."""
    if not shift.is_far:
        return None
    pixels = "data.mean, std, colour, fit and resize have to be those that the network was trained with"
    photos = "calibration photos (data.calibration) such as it was trained on"
    advice = f"{pixels}; give {photos}" if shift.first > shift.limit else f"give {photos}; {pixels}"
    return (
        f"warning: the calibration images are not like those the network was trained on, by what its batch norms "
        f"remember of them: the first layer is {shift.first:.2f} off, the early ones are {shift.early:.2f}, "
        f"{shift.furthest_layer} {shift.furthest:.2f} (0: alike, 1: nothing in common, up to {shift.limit}: good). "
        f"Ranges found on them may not hold on real images: {advice}."
    )


def _moments(
    network: paddle.nn.Layer, norms: dict[str, paddle.nn.Layer], images: NDArray[np.float32], *, quiet: bool
) -> dict[str, _Moments]:
    """What every batch norm gets, by its name, while the images go through; in the order in which these reach them,
    without those that only training has."""
    seen: dict[str, _Moments] = {}

    def watch(name: str) -> paddle.nn.layer.layers.HookRemoveHelper:
        return norms[name].register_forward_pre_hook(
            lambda _, inputs: seen.setdefault(name, _Moments()).add(inputs[0].numpy())
        )

    hooks = [watch(name) for name in norms]
    network.eval()
    with paddle.no_grad():
        for start in progress(range(0, len(images), BATCH), "batch norms on the calibration images", quiet=quiet):
            network(paddle.to_tensor(images[start : start + BATCH]))
    for hook in hooks:
        hook.remove()
    return seen


def _distance(norm: paddle.nn.Layer, seen: _Moments) -> float:
    """The median over the channels of the Hellinger distance between two normal distributions."""
    mean, variance = seen.mean_and_variance()
    variance = variance + norm._epsilon
    trained_mean = norm._mean.numpy().astype(np.float64)
    trained_variance = norm._variance.numpy().astype(np.float64) + norm._epsilon
    total = variance + trained_variance
    overlap = np.sqrt(2 * np.sqrt(variance * trained_variance) / total)
    overlap *= np.exp(-np.square(mean - trained_mean) / (4 * total))
    return float(np.median(np.sqrt(np.maximum(1 - overlap, 0))))
