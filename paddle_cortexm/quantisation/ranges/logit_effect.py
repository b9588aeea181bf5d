"""What rounding a tensor does to the logits: the judge of ranges.

A tensor's own error does not say what matters. Rare large values may decide the class, or not count at all: in
MobileNetV2 with ImageNet weights, the threshold of the last block's sum that is best for the tensor itself leaves the
logits six decibels more noise than the best one for them. So the tensor's values are replaced, and what follows is
computed again, in floating point: alone, all else being exact. Rounding errors of several tensors add up nearly
independently; what several of them cut off does not, which is why the ranges found are compared as a whole at last
(post_training.py). Where an image has set a range itself, as the largest value of a channel, it is measured with the
range that the others would have given.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import paddle
from numpy.typing import NDArray

from paddle_cortexm.compiler.graph import Graph
from paddle_cortexm.compiler.integers.grids import keeps_grid
from paddle_cortexm.compiler.tensor import Grid
from paddle_cortexm.quantisation.networks.paddle_graph import PaddleGraph, on_grid

MACS_LIMIT = 3 * 10**9  # multiply-accumulates of one measurement, about: the search takes some hundred of them
BATCH, MOST_IMAGES = 16, 128
Images = NDArray[np.float32]
Reach = NDArray[np.float64]
Places = NDArray[np.int64]


@dataclass(frozen=True)
class _Exact:
    """Some images: the tensors of the float graph that are needed, how far their channels' ranges reach without these
    images, (N, C, 1, 1), and the logits, centred."""

    tensors: Mapping[str, paddle.Tensor]
    reach: Mapping[str, paddle.Tensor]
    logits: paddle.Tensor
    power: float


class LogitEffect:
    """The tensors of a float graph for some calibration images, and what the logits become when one is changed.

    The fewer layers follow a tensor, the more images it is measured on: at least 16, as many as the work allows. The
    last layers' tensors are small and need many images; the first ones' are large, and have thousands of values each.
    """

    def __init__(self, graph: Graph, images: Images, reach: Mapping[str, Reach] | None = None) -> None:
        """images: (N, H, W, 3), normalised; at most 128 of them are used, evenly spread. reach: of equalised tensors
        (weights/equalisation.py)."""
        self._network = PaddleGraph(graph)
        batches = _batches(len(images))
        self._batch_counts = _batch_counts(graph, len(batches))
        self._exact = [self._run(number, images, reach or {}, places) for number, places in enumerate(batches)]

    def noise(self, name: str, grid: Grid) -> float:
        """The logits' squared error in relation to the logits themselves when the tensor is on this grid, and so are
        the results of pools that share it; an offset of all logits of an image does not count."""
        used, sharing = self._exact[: self._batch_counts[name]], self._sharing_grid(name)

        def rounded_too(reached: str, values: paddle.Tensor) -> paddle.Tensor:
            return on_grid(values, grid) if reached in sharing else values

        def error(exact: _Exact) -> float:
            changed = self._network.after(exact.tensors, name, _rounded(exact, name, grid), rounded_too)
            return float(((_centred(changed[self._network.graph.output]) - exact.logits) ** 2).sum())

        return sum(error(exact) for exact in used) / max(sum(exact.power for exact in used), 1e-30)

    def _run(self, number: int, images: Images, reach: Mapping[str, Reach], places: Places) -> _Exact:
        tensors = self._network.tensors(images[places])
        logits = _centred(tensors[self._network.graph.output])
        measured = [name for name, count in self._batch_counts.items() if count > number]
        needed = _needed(self._network.graph, measured)
        held = {name: values for name, values in tensors.items() if name in needed}
        shares = {name: _by_channel(reach[name][places]) for name in held if name in reach}
        return _Exact(held, shares, logits, float((logits**2).sum()))

    def _sharing_grid(self, name: str) -> set[str]:
        """The results of pools and the like that keep the tensor's grid."""
        sharing = {name}
        for layer in self._network.graph.layers:
            if keeps_grid(layer) and layer.inputs[0] in sharing:
                sharing.add(layer.output)
        return sharing


def spread(images: Images) -> Images:
    """At most 128 of the images, evenly spread: enough to tell which ranges are better."""
    return images[_spread_places(len(images))]


def _spread_places(images: int) -> Places:
    count = min(images, MOST_IMAGES)
    return np.arange(count) * images // count


def _batches(images: int) -> list[Places]:
    """Which images are used: of at most 16 each, each over all of them."""
    places = _spread_places(images)
    batches = -(-len(places) // BATCH)
    return [places[number::batches] for number in range(batches)]


def _rounded(exact: _Exact, name: str, grid: Grid) -> paddle.Tensor:
    """A tensor on a grid that these images have not been looked at for."""
    values = on_grid(exact.tensors[name], grid)
    if name not in exact.reach:
        return values
    low, high = grid.limits
    return paddle.maximum(paddle.minimum(values, exact.reach[name] * high), exact.reach[name] * low)


def _by_channel(reach: Reach) -> paddle.Tensor:
    return paddle.to_tensor(reach.astype(np.float32)).unsqueeze([2, 3])


def _batch_counts(graph: Graph, most: int) -> dict[str, int]:
    """How many batches each tensor is measured on, by the work that follows it."""
    counts, work = {}, 0
    for layer in reversed(graph.layers):
        counts[layer.output] = max(1, min(most, MACS_LIMIT // max(1, BATCH * work)))
        work += layer.operator.macs(graph.output_of(layer).shape)
    return counts


def _needed(graph: Graph, measured: Collection[str]) -> set[str]:
    """The measured tensors, and what the layers behind the first of them read."""
    first = next(number for number, layer in enumerate(graph.layers) if layer.output in measured)
    return {*measured, *(name for layer in graph.layers[first + 1 :] for name in layer.inputs)}


def _centred(logits: paddle.Tensor) -> paddle.Tensor:
    flat = logits.flatten(1)
    return flat - flat.mean(axis=1, keepdim=True)
