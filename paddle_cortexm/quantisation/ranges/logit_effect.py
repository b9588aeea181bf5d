"""What rounding a tensor does to the logits: the judge of ranges.

A tensor's own error does not say what matters. Rare large values may decide the class, or not count at all: in
MobileNetV2 with ImageNet weights, the threshold of the last block's sum that is best for the tensor itself leaves the
logits six decibels more noise than the best one for them. So the tensor's values are replaced, and what follows is
computed again, in floating point: alone, all else being exact. Errors of several tensors add up nearly independently.
"""

from __future__ import annotations

import numpy as np
import paddle
from numpy.typing import NDArray

from paddle_cortexm.compiler.graph import Graph
from paddle_cortexm.compiler.integers.grids import keeps_grid
from paddle_cortexm.compiler.tensor import Grid
from paddle_cortexm.quantisation.networks.paddle_graph import PaddleGraph, on_grid

MEMORY_LIMIT = 1 << 30  # bytes of activations held, about
MACS_LIMIT = 5 * 10**9  # multiply-accumulates that all images take: the search does so some hundred times
FEWEST_IMAGES, MOST_IMAGES = 16, 32


class LogitEffect:
    """Every tensor of a float graph for some calibration images, and what the logits become when one is changed."""

    def __init__(self, graph: Graph, images: NDArray[np.float32]) -> None:
        """images: (N, H, W, 3), normalised; 16 to 32 of them are used, evenly spread, as memory and time allow."""
        self._network = PaddleGraph(graph)
        self._exact = self._network.tensors(_spread(images, _image_count(graph)))
        self._logits = _centred(self._exact[graph.output])
        self._power = max(float((self._logits**2).sum()), 1e-30)

    def noise(self, name: str, grid: Grid) -> float:
        """The logits' squared error in relation to the logits themselves when the tensor is on this grid, and so are
        the results of pools that share it; an offset of all logits of an image does not count."""
        sharing = self._sharing_grid(name)

        def rounded_too(reached: str, values: paddle.Tensor) -> paddle.Tensor:
            return on_grid(values, grid) if reached in sharing else values

        changed = self._network.after(self._exact, name, on_grid(self._exact[name], grid), rounded_too)
        error = _centred(changed[self._network.graph.output]) - self._logits
        return float((error**2).sum()) / self._power

    def _sharing_grid(self, name: str) -> set[str]:
        """The results of pools and the like that keep the tensor's grid."""
        sharing = {name}
        for layer in self._network.graph.layers:
            if keeps_grid(layer) and layer.inputs[0] in sharing:
                sharing.add(layer.output)
        return sharing


def _image_count(graph: Graph) -> int:
    by_memory = MEMORY_LIMIT // (4 * sum(tensor.elements for tensor in graph.tensors.values()))
    by_time = MACS_LIMIT // max(1, sum(layer.operator.macs(graph.output_of(layer).shape) for layer in graph.layers))
    return max(FEWEST_IMAGES, min(MOST_IMAGES, by_memory, by_time))


def _spread(images: NDArray[np.float32], most: int) -> NDArray[np.float32]:
    count = min(len(images), most)
    return images[np.arange(count) * len(images) // count]


def _centred(logits: paddle.Tensor) -> paddle.Tensor:
    flat = logits.flatten(1)
    return flat - flat.mean(axis=1, keepdim=True)
