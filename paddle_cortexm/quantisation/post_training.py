"""Post-training quantisation by a recipe: ranges, equalisation, rounding, bias correction; the choice of a recipe."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.artefacts.quantisation import Recipe, TensorRange, TriedRecipe, intervals
from paddle_cortexm.compiler.graph import Graph
from paddle_cortexm.compiler.integers.adjustments import Adjusted
from paddle_cortexm.compiler.integers.fake_quantisation import run_fake_quantised
from paddle_cortexm.compiler.integers.grids import tensor_grids
from paddle_cortexm.compiler.reference import run_float
from paddle_cortexm.compiler.tensor import Grid, Range
from paddle_cortexm.quantisation.ranges.observation import Observation, observe, tensor_ranges
from paddle_cortexm.quantisation.weights.equalisation import equalisable_pairs, equalise
from paddle_cortexm.quantisation.weights.refinement import refine

CHEAP_ALGORITHMS = ("abs_max", "avg", "hist", "mse", "emd", "snr")
HELD_OUT = 0.25  # share of the calibration images that recipes are compared on
BATCH = 32
Floats = NDArray[np.float32]
# algorithm, how many of the calibration images (the first ones) -> PaddleSlim's threshold of each tensor
Thresholds = Callable[[str, int], Mapping[str, float]]


@dataclass(frozen=True)
class Quantised:
    """reference: the float graph that the integers stand for; deployed: the weights they are made of; ranges
    and grids: the calibrated interval, scale and zero point by tensor; seen: what calibration saw."""

    recipe: Recipe
    reference: Graph
    deployed: Adjusted
    ranges: dict[str, TensorRange]
    grids: Mapping[str, Grid]
    seen: Mapping[str, Observation]

    def logits(self, images: Floats) -> Floats:
        """(N, classes) on the integer grid, for (N, H, W, 3) normalised images."""
        graph, keep = self.deployed.graph, self.recipe.keep_float
        runs = (images[start : start + BATCH] for start in range(0, len(images), BATCH))
        results = [run_fake_quantised(graph, self.grids, x, self.deployed.weight_scales, keep) for x in runs]
        return np.concatenate([tensors[graph.output].reshape(len(tensors[graph.output]), -1) for tensors in results])


def quantise_with(
    recipe: Recipe,
    graph: Graph,
    images: Floats,
    thresholds: Thresholds,
    pixel_range: Range,
    *,
    quiet: bool = False,
) -> Quantised:
    """Quantise a float graph on (N, H, W, 3) calibration images. pixel_range: what a normalised pixel can be.

    PaddleSlim's thresholds do not hold for tensors that equalisation changed: they are calibrated here.
    """
    reference, changed = equalise(graph, images) if recipe.equalisation else (graph, [])
    if recipe.equalisation and not changed:
        print("warning: quantise.equalisation changes nothing: no convolution without a table before a depthwise one")
    known = {name: limit for name, limit in thresholds(recipe.algorithm, len(images)).items() if name not in changed}
    seen = observe(reference, images)
    ranges = tensor_ranges(reference, seen, known, recipe.algorithm)
    grids = tensor_grids(reference, intervals(ranges), pixel_range, symmetric=recipe.symmetric)
    deployed = Adjusted(reference)
    if recipe.adaround or recipe.bias_correction:
        deployed = refine(
            reference,
            grids,
            images,
            adaround=recipe.adaround,
            bias_correction=recipe.bias_correction,
            keep_float=recipe.keep_float,
            quiet=quiet,
        )
    return Quantised(recipe, reference, deployed, ranges, grids, seen)


def best_recipe(
    start: Recipe,
    graph: Graph,
    images: Floats,
    thresholds: Thresholds,
    pixel_range: Range,
    *,
    quiet: bool = False,
) -> tuple[Quantised, list[TriedRecipe]]:
    """Try the cheap algorithms, then bias correction and equalisation on top of the best, and keep what changes the
    float model's probabilities of the classes least on held-out images, printing a line for each. Returns the winner,
    made anew from all images, and what was tried."""
    count = len(images) - max(1, int(HELD_OUT * len(images)))
    kept, held_out = images[:count], images[count:]
    starts = range(0, len(held_out), BATCH)
    exact = np.concatenate([run_float(graph, held_out[s : s + BATCH])[graph.output] for s in starts])
    exact = exact.reshape(len(held_out), -1)

    def divergences(recipes: Iterable[Recipe]) -> dict[Recipe, float]:
        found = {}
        for recipe in recipes:
            made = quantise_with(recipe, graph, kept, thresholds, pixel_range, quiet=quiet)
            found[recipe] = divergence(exact, made.logits(held_out))
            print(f"tried {recipe.title}: divergence from the float model {found[recipe]:.3g}", flush=True)
        return found

    tried = divergences(start.model_copy(update={"algorithm": algorithm}) for algorithm in CHEAP_ALGORITHMS)
    best = min(tried, key=tried.__getitem__)
    extras = [best.model_copy(update={"bias_correction": True})]
    if equalisable_pairs(graph):
        extras.append(best.model_copy(update={"equalisation": True}))
    tried |= divergences(extras)
    best = min(tried, key=tried.__getitem__)
    lines = [TriedRecipe(**dict(recipe), divergence=error) for recipe, error in tried.items()]
    print(f"best: {best.title}", flush=True)
    return quantise_with(best, graph, images, thresholds, pixel_range, quiet=quiet), lines


def divergence(exact: Floats, rounded: Floats) -> float:
    """Mean over the images of the Kullback-Leibler divergence between the softmax of two sets of logits (N, classes).

    Near a decision a small error counts; where the model is sure, even a large one hardly does.
    """
    wanted, got = (_log_softmax(logits.astype(np.float64)) for logits in (exact, rounded))
    return float((np.exp(wanted) * (wanted - got)).sum(axis=1).mean())


def _log_softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
