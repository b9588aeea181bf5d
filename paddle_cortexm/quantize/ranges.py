"""A real interval for every tensor of the folded, fused graph: PaddleSlim's thresholds, and our own where it has none.

PaddleSlim's thresholds are symmetric. What a tensor is never seen to reach is left out, so that a non-negative tensor
gets (0, T) and all 256 steps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.float_reference import run_float
from paddle_cortexm.compiler.graph import Graph
from paddle_cortexm.errors import UserError

MINIMUM_IMAGES = 16
HISTOGRAM_SHARE = 0.9999  # PaddleSlim's hist_percent
CANDIDATES = 40  # thresholds tried for the smallest squared error
BATCH = 16


@dataclass
class Observation:
    """What is seen of one tensor over the calibration images: extremes, and a sample of its values."""

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
        self.sample.append(rows[:, :: max(1, rows.shape[1] // 4096)].reshape(-1))


def observe(graph: Graph, images: NDArray[np.float32]) -> dict[str, Observation]:
    """Every tensor of the float graph over (N, H, W, 3) images. Raises UserError for fewer than 16 images."""
    if len(images) < MINIMUM_IMAGES:
        raise UserError(
            f"data.calibration_images: {len(images)} calibration images are too few for ranges that hold; at least "
            f"{MINIMUM_IMAGES} are needed, 100 or more are better"
        )
    seen = {name: Observation() for name in graph.tensors}
    for start in range(0, len(images), BATCH):
        for name, values in run_float(graph, images[start : start + BATCH]).items():
            seen[name].add(values)
    return seen


def threshold(observation: Observation, algorithm: str) -> float:
    """The symmetric threshold of a tensor that PaddleSlim left out, by the named algorithm.

    KL and emd fall back to mse: the smallest squared error of 255 steps over a grid of thresholds.
    """
    largest = max(observation.image_maxima)
    if algorithm == "abs_max":
        return largest
    if algorithm == "avg":
        return float(np.mean(observation.image_maxima))
    values = np.abs(np.concatenate(observation.sample))
    if algorithm == "hist":
        return float(np.quantile(values, HISTOGRAM_SHARE))
    tried = largest * np.linspace(0.3, 1.0, CANDIDATES)
    errors = [float(np.square(values - np.minimum(np.rint(values / (t / 127)), 127) * (t / 127)).sum()) for t in tried]
    return float(tried[int(np.argmin(errors))])


def tensor_ranges(
    graph: Graph, seen: Mapping[str, Observation], thresholds: Mapping[str, float], algorithm: str
) -> dict[str, dict[str, float | str]]:
    """The `tensors` section of ranges.json: minimum, maximum and source of every tensor of the graph."""
    ranges: dict[str, dict[str, float | str]] = {}
    for name in graph.tensors:
        observation = seen[name]
        source = "paddleslim" if name in thresholds else "calibrated"
        limit = thresholds.get(name) or threshold(observation, algorithm)
        ranges[name] = {
            "minimum": max(observation.minimum, -limit),
            "maximum": min(observation.maximum, limit),
            "source": f"{source}-{algorithm}",
        }
    return ranges


def constant_tensors(seen: Mapping[str, Observation]) -> list[str]:
    """Tensors that had one value in all calibration images: dead layers, or images that are all alike."""
    return [name for name, observation in seen.items() if observation.maximum - observation.minimum < 1e-12]
