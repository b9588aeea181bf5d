"""Integers by the scales that a program quantised elsewhere brings: only what has none is calibrated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.artefacts.quantisation import Recipe, TensorRange
from paddle_cortexm.artefacts.training import ProgramScales
from paddle_cortexm.compiler.graph import Graph
from paddle_cortexm.compiler.integers.adjustments import Adjusted
from paddle_cortexm.compiler.operators.weights.weighted import Weighted
from paddle_cortexm.compiler.tensor import Range
from paddle_cortexm.quantisation.post_training import PostTraining, Quantised
from paddle_cortexm.quantisation.ranges.observation import PADDLESLIM

SOURCE = f"{PADDLESLIM}-program"  # of the ranges made from its thresholds


def with_own_scales(
    graph: Graph,
    images: NDArray[np.float32],
    scales: ProgramScales,
    recipe: Recipe,
    pixel_range: Range,
    *,
    quiet: bool = False,
) -> Quantised:
    """What the program's scales make of its float graph. images: (N, H, W, C), normalised; recipe: the config's, of
    which the algorithm for what has no scale and the choice of grids remain."""
    plain = Recipe(algorithm=recipe.algorithm, symmetric=recipe.symmetric, keep_float=recipe.keep_float)
    made = PostTraining(graph, images, lambda *_: scales.thresholds, pixel_range, quiet=quiet).quantised(plain)
    said = plain.model_copy(update={"algorithm": f"the program's own scales, {recipe.algorithm} where it has none"})
    deployed = Adjusted(graph, weight_scales(graph, scales.weight_steps))
    return replace(made, recipe=said, ranges=_named(made.ranges), deployed=deployed)


def weight_scales(graph: Graph, steps: Mapping[str, Sequence[float]]) -> dict[str, NDArray[np.float64]]:
    """The weights' scale for each output channel, by tensor. Folding batch norm scales a channel as a whole, so its
    largest weight has the same step as before. steps: by layer; what is not in it reaches 127 everywhere."""
    scales: dict[str, NDArray[np.float64]] = {}
    for layer in graph.layers:
        if isinstance(layer.operator, Weighted) and layer.parameter in steps:
            largest = np.abs(layer.operator.weight_rows()).max(axis=1).astype(np.float64)
            reached = np.asarray(steps[layer.parameter])
            scales[layer.output] = np.where(largest > 0, largest, 1.0) / np.where(reached > 0, reached, 127.0)
    return scales


def _named(ranges: Mapping[str, TensorRange]) -> dict[str, TensorRange]:
    return {
        name: entry.model_copy(update={"source": SOURCE}) if entry.source.startswith(PADDLESLIM) else entry
        for name, entry in ranges.items()
    }
