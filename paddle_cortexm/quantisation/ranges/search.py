"""Ranges by their effect on the logits: each tensor's threshold is moved to where the logits suffer least.

Calibration's thresholds are the start. From the logits backwards, as what a table saturates to decides what its input
has to tell apart, each threshold is made smaller or larger for as long as that helps. Tensors that hardly add noise are
left as they are: together they make a few per cent of it all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from paddle_cortexm.artefacts.quantisation import TensorRange, intervals
from paddle_cortexm.compiler.graph import Graph
from paddle_cortexm.compiler.integers.grids import keeps_grid, tensor_grids
from paddle_cortexm.compiler.tensor import Grid, Range
from paddle_cortexm.progress import progress
from paddle_cortexm.quantisation.ranges.logit_effect import LogitEffect
from paddle_cortexm.quantisation.ranges.observation import Observation

NEGLIGIBLE = 0.05  # share of the noise that all tensors left alone may add together
COARSE, FINE = 2**0.5, 2**0.25  # factors from a threshold to the next one tried
PATIENCE = 1.5 * math.log(COARSE)  # how far to go on beyond the best one so far
SMALLEST = 1 / 64  # of the largest value seen


@dataclass(frozen=True)
class Searched:
    """ranges: by tensor; noise: what each alone adds to the logits, in relation to these, by tensor."""

    ranges: dict[str, TensorRange]
    noise: dict[str, float]


@dataclass(frozen=True)
class RangeSearch:
    """What ranges are searched with. seen: what calibration saw of each tensor; pixel_range: what a normalised pixel
    can be; settled: tensors that are left as they are, as they lie on no grid."""

    graph: Graph
    effect: LogitEffect
    seen: Mapping[str, Observation]
    pixel_range: Range
    symmetric: bool = False
    settled: Collection[str] = ()
    quiet: bool = False

    def measured(self, ranges: Mapping[str, TensorRange]) -> Searched:
        """These ranges, and their noise."""
        names = [layer.output for layer in self.graph.layers if not keeps_grid(layer)]
        own, grids = [name for name in names if name not in self.settled], self._grids(ranges)
        shown = progress(own, "noise by tensor", quiet=self.quiet, unit="tensor")
        return Searched(dict(ranges), {name: self.effect.noise(name, grids[name]) for name in shown})

    def searched(self, start: Searched) -> Searched:
        """Better ranges than these."""
        found, noise = dict(start.ranges), dict(start.noise)
        for name in progress(self._chosen(noise), "ranges", quiet=self.quiet, unit="tensor"):
            found[name], noise[name] = self._best(name, found)
        return Searched(found, noise)

    def _best(self, name: str, ranges: Mapping[str, TensorRange]) -> tuple[TensorRange, float]:
        """The best range of one tensor, all others being these, and its noise."""
        seen, given = self.seen[name], ranges[name]

        def noise_at(limit: float) -> float:
            changed = {**ranges, name: limited(seen, limit, given.source)}
            return self.effect.noise(name, self._grids(changed)[name])

        largest = max(-seen.minimum, seen.maximum)
        limit, noise = best_limit(noise_at, max(-given.minimum, given.maximum), SMALLEST * largest, largest)
        return limited(seen, limit, f"{given.source}-searched"), noise

    def _grids(self, ranges: Mapping[str, TensorRange]) -> Mapping[str, Grid]:
        return tensor_grids(self.graph, intervals(ranges), self.pixel_range, symmetric=self.symmetric)

    def _chosen(self, noise: dict[str, float]) -> list[str]:
        """The tensors whose noise counts, from the logits backwards, but for the logits themselves."""
        left, chosen = NEGLIGIBLE * sum(noise.values()), set(noise) - {self.graph.output}
        for name in sorted(chosen, key=lambda name: noise[name]):
            left -= noise[name]
            if left < 0:
                break
            chosen.remove(name)
        return [name for name in reversed(noise) if name in chosen]


def best_limit(noise_at: Callable[[float], float], start: float, least: float, most: float) -> tuple[float, float]:
    """The threshold with the least noise that steps from `start` lead to, within least ... most, and its noise. Each
    way ends when several steps in a row were no better: noise is not smooth, as rounding may be lucky."""
    known = {start: noise_at(start)}
    for factor in (1 / COARSE, COARSE, 1 / FINE, FINE):
        best = limit = min(known, key=known.__getitem__)
        while (limit := min(limit * factor, most)) >= least and limit not in known:
            known[limit] = noise_at(limit)
            if known[limit] < known[best]:
                best = limit
            elif abs(math.log(limit / best)) > PATIENCE:
                break
    best = min(known, key=known.__getitem__)
    return best, known[best]


def limited(observation: Observation, limit: float, source: str) -> TensorRange:
    """What was seen of a tensor, cut off at a threshold on both sides."""
    return TensorRange(minimum=max(observation.minimum, -limit), maximum=min(observation.maximum, limit), source=source)
