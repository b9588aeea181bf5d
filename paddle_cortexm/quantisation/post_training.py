"""Post-training quantisation by a recipe: equalisation, ranges, 16 bits for a few, rounding, bias correction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.answers.kinds import ONE_CLASS, AnswerKind
from paddle_cortexm.artefacts.quantisation import Recipe, TensorRange, intervals
from paddle_cortexm.compiler.graph import Graph
from paddle_cortexm.compiler.integers.adjustments import Adjusted
from paddle_cortexm.compiler.integers.fake_quantisation import float_tensors, on_weight_grid
from paddle_cortexm.compiler.integers.grids import tensor_grids
from paddle_cortexm.compiler.tensor import Grid, Range
from paddle_cortexm.quantisation.networks.paddle_graph import PaddleGraph, on_grid
from paddle_cortexm.quantisation.ranges.logit_effect import LogitEffect, spread
from paddle_cortexm.quantisation.ranges.observation import Observation, observe, tensor_ranges
from paddle_cortexm.quantisation.ranges.search import RangeSearch, Searched
from paddle_cortexm.quantisation.ranges.wide_choice import choose_wide, wide_range
from paddle_cortexm.quantisation.weights.equalisation import ROOM, Equalised, equalise
from paddle_cortexm.quantisation.weights.refinement import refine

Floats = NDArray[np.float32]
# algorithm, how many of the calibration images (the first ones) -> PaddleSlim's threshold of each tensor
Thresholds = Callable[[str, int], Mapping[str, float]]


@dataclass(frozen=True)
class Quantised:
    """reference: the float graph that the integers stand for; deployed: the weights they are made of; ranges
    and grids: the calibrated interval, scale and zero point by tensor; seen: what calibration saw; noise: what each
    int8 tensor adds to the logits, in relation to these, where that was measured."""

    recipe: Recipe
    reference: Graph
    deployed: Adjusted
    ranges: dict[str, TensorRange]
    grids: Mapping[str, Grid]
    seen: Mapping[str, Observation]
    noise: Mapping[str, float] = field(default_factory=dict)

    def logits(self, images: Floats, *, exact_weights: bool = False) -> Floats:
        """(N, classes) on the integer grid, for (N, H, W, 3) normalised images: what the integer program gives, but
        where a sum lies at the edge between two steps. exact_weights: only the tensors between layers are rounded."""
        graph, keep = self.deployed.graph, self.recipe.keep_float
        floats = float_tensors(graph, keep)
        layers = tuple(
            layer
            if exact_weights or layer.output in keep
            else on_weight_grid(layer, self.grids, self.deployed.weight_scales)
            for layer in graph.layers
        )
        return PaddleGraph(replace(graph, layers=layers)).logits(
            images, lambda name, values: values if name in floats else on_grid(values, self.grids[name])
        )


@dataclass(frozen=True)
class _Seen:
    """The float graph to quantise, what equalisation changed in it, what calibration saw of all tensors."""

    reference: Graph
    reach: Mapping[str, NDArray[np.float64]]
    tensors: Mapping[str, Observation]


class PostTraining:
    """Quantises one float graph on the same calibration images, by any recipe. What recipes have in common is computed
    once."""

    def __init__(
        self,
        graph: Graph,
        images: Floats,
        thresholds: Thresholds,
        pixel_range: Range,
        kind: AnswerKind = ONE_CLASS,
        *,
        quiet: bool = False,
    ) -> None:
        """images: (N, H, W, 3), normalised; thresholds: PaddleSlim's; pixel_range: what a normalised pixel can be;
        kind: what the network answers."""
        self.graph, self.images, self.pixel_range, self.kind = graph, images, pixel_range, kind
        self._thresholds, self._quiet = thresholds, quiet
        self._seen, self._effect, self._searched = cache(self._look), cache(self._measure), cache(self._search)

    def quantised(self, recipe: Recipe) -> Quantised:
        """What the recipe makes of the graph; its own recipe says what was done: no range search where the first ranges
        stayed."""
        made = self._searched(_only_ranges(recipe))
        recipe = recipe.model_copy(update={"range_search": made.recipe.range_search})
        if not (recipe.adaround or recipe.bias_correction):
            return replace(made, recipe=recipe)
        deployed = refine(
            made.reference,
            made.grids,
            self.images,
            adaround=recipe.adaround,
            bias_correction=recipe.bias_correction,
            keep_float=recipe.keep_float,
            quiet=self._quiet,
        )
        return replace(made, recipe=recipe, deployed=deployed)

    def _with_ranges(self, recipe: Recipe, searched: Searched) -> Quantised:
        """With these ranges, 16 bits for those that need it, and weights as they are."""
        seen = self._seen(recipe.equalisation)
        wide = choose_wide(seen.reference, searched.noise, recipe.keep_float) if recipe.int16 else frozenset()
        ranges = {name: wide_range(seen.tensors[name]) if name in wide else r for name, r in searched.ranges.items()}
        grids = tensor_grids(seen.reference, intervals(ranges), self.pixel_range, symmetric=recipe.symmetric, wide=wide)
        noise = {name: value for name, value in searched.noise.items() if name not in wide}
        return Quantised(recipe, seen.reference, Adjusted(seen.reference), ranges, grids, seen.tensors, noise)

    def _look(self, equalisation: bool) -> _Seen:
        made = equalise(self.graph, self.images) if equalisation else Equalised(self.graph, {})
        tensors = observe(made.graph, self.images)
        return _Seen(made.graph, made.reach, tensors | {name: tensors[name].with_room(ROOM) for name in made.reach})

    def _measure(self, equalisation: bool) -> LogitEffect:
        seen = self._seen(equalisation)
        return LogitEffect(seen.reference, self.images, seen.reach)

    def _search(self, recipe: Recipe) -> Quantised:
        """PaddleSlim's thresholds do not hold for tensors that equalisation changed: they are calibrated here."""
        seen = self._seen(recipe.equalisation)
        thresholds = self._thresholds(recipe.algorithm, len(self.images))
        known = {name: limit for name, limit in thresholds.items() if name not in seen.reach}
        ranges = tensor_ranges(seen.reference, seen.tensors, known, recipe.algorithm)
        if not (recipe.range_search or recipe.int16):
            return self._with_ranges(recipe, Searched(ranges, {}))
        search = RangeSearch(
            seen.reference,
            self._effect(recipe.equalisation),
            seen.tensors,
            self.pixel_range,
            symmetric=recipe.symmetric,
            settled=float_tensors(seen.reference, recipe.keep_float),
            quiet=self._quiet,
        )
        start = search.measured(ranges)
        made = self._with_ranges(recipe, start)
        return self._better(made, self._with_ranges(recipe, search.searched(start))) if recipe.range_search else made

    def _better(self, first: Quantised, second: Quantised) -> Quantised:
        """The one whose answers are closer to the float network's, apart from the weights' rounding, which comes later.
        The search looks at a tensor alone, all others being exact; together, what several of them cut off may be the
        same."""
        images = spread(self.images)
        exact = PaddleGraph(self.graph).logits(images)
        far = [self.kind.divergence(exact, made.logits(images, exact_weights=True)) for made in (first, second)]
        if far[1] <= far[0]:
            return second
        print(
            f"range search: together the ranges found are no better than those of {first.recipe.algorithm}, which stay"
        )
        return replace(first, recipe=first.recipe.model_copy(update={"range_search": False}))


def _only_ranges(recipe: Recipe) -> Recipe:
    """The recipe without what changes no range."""
    return recipe.model_copy(update={"adaround": False, "bias_correction": False})
