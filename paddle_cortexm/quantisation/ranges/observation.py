"""A real interval for every tensor of the folded, fused graph: PaddleSlim's thresholds, and our own where it has none.

PaddleSlim's thresholds are symmetric. What a tensor is never seen to reach is left out, so that a non-negative tensor
gets (0, T) and all 256 steps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.artefacts.quantisation import TensorRange
from paddle_cortexm.compiler.graph import Graph
from paddle_cortexm.quantisation.networks.paddle_graph import PaddleGraph
from paddle_cortexm.quantisation.ranges.thresholds import threshold

SAMPLE = 1 << 17  # values kept of a tensor, over all images
PADDLESLIM = "paddleslim"  # what the source of its ranges begins with
LOGITS_MARGIN = 1.1  # of the largest logit seen: saturated logits would tie


@dataclass
class Observation:
    """What is seen of one tensor over the calibration images: extremes, and a sample of its values, the same places of
    every image. The places are drawn at random: every n-th value of an NHWC tensor may be always the same channel."""

    values_an_image: int
    minimum: float = np.inf
    maximum: float = -np.inf
    image_maxima: list[float] = field(default_factory=list)
    sample: list[NDArray[np.float32]] = field(default_factory=list)

    def add(self, values: NDArray[np.float32]) -> None:
        """values: (N, ...) of N images."""
        rows = values.reshape(len(values), -1)
        self.minimum = min(self.minimum, float(rows.min()))
        self.maximum = max(self.maximum, float(rows.max()))
        self.image_maxima += np.abs(rows).max(axis=1).tolist()
        self.sample.append(rows[:, _sampled_places(rows.shape[1], self.values_an_image)])

    def with_room(self, factor: float) -> Observation:
        """The same where larger values than those seen have to be reckoned with."""
        return replace(self, minimum=factor * self.minimum, maximum=factor * self.maximum)

    @property
    def values(self) -> NDArray[np.float32]:
        """The sample: (images, values of each)."""
        return np.concatenate(self.sample)


@cache
def _sampled_places(values: int, wanted: int) -> NDArray[np.int64]:
    return np.random.default_rng(0).permutation(values)[:wanted]


def observe(graph: Graph, images: NDArray[np.float32]) -> dict[str, Observation]:
    """Every tensor of the float graph over (N, H, W, 3) images."""
    seen = {name: Observation(max(16, SAMPLE // len(images))) for name in graph.tensors}
    for tensors in PaddleGraph(graph).batches(images):
        for name, values in tensors.items():
            seen[name].add(values.numpy())
    return seen


def tensor_ranges(
    graph: Graph, seen: Mapping[str, Observation], thresholds: Mapping[str, float], algorithm: str
) -> dict[str, TensorRange]:
    """The range of every tensor of the graph."""
    ranges: dict[str, TensorRange] = {}
    for name in graph.tensors:
        if name == graph.output:
            ends = (LOGITS_MARGIN * seen[name].minimum, LOGITS_MARGIN * seen[name].maximum)
            ranges[name] = TensorRange(minimum=ends[0], maximum=ends[1], source="calibrated-whole")
            continue
        observation = seen[name]
        known = thresholds.get(name, 0.0)
        source = PADDLESLIM if known > 0 else "calibrated"
        limit = known if known > 0 else threshold(observation.values, observation.image_maxima, algorithm)
        ranges[name] = TensorRange(
            minimum=max(observation.minimum, -limit),
            maximum=min(observation.maximum, limit),
            source=f"{source}-{algorithm}",
        )
    return ranges


def constant_tensors(seen: Mapping[str, Observation]) -> list[str]:
    """Tensors that had one value in all calibration images: dead layers, or images that are all alike."""
    return [name for name, observation in seen.items() if observation.maximum - observation.minimum < 1e-12]
