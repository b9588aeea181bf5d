"""Ranges by their effect on the logits: each tensor's threshold is moved to where the logits suffer least.

Calibration's thresholds are the start. From the logits backwards, as what a table saturates to decides what its input
has to tell apart, each threshold is made smaller or larger for as long as that helps. Tensors that hardly add noise are
left as they are: together they make a few per cent of it all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

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


def search_ranges(
    graph: Graph,
    effect: LogitEffect,
    seen: Mapping[str, Observation],
    ranges: Mapping[str, TensorRange],
    pixel_range: Range,
    *,
    symmetric: bool = False,
    settled: Collection[str] = (),
    only_measure: bool = False,
    quiet: bool = False,
) -> Searched:
    """Better ranges than those given, or these and their noise (only_measure). pixel_range: what a normalised pixel can
    be; settled: tensors that are left as they are, as they lie on no grid."""
    found = dict(ranges)

    def grids(changed: Mapping[str, TensorRange]) -> Mapping[str, Grid]:
        return tensor_grids(graph, intervals(changed), pixel_range, symmetric=symmetric)

    def noise_at(name: str, limit: float) -> float:
        changed = {**found, name: limited(seen[name], limit, ranges[name].source)}
        return effect.noise(name, grids(changed)[name])

    own = [layer.output for layer in graph.layers if not keeps_grid(layer) and layer.output not in settled]
    given = grids(found)
    shown = progress(own, "noise by tensor", quiet=quiet, unit="tensor")
    noise = {name: effect.noise(name, given[name]) for name in shown}
    chosen = [] if only_measure else _worth_searching([name for name in own if name != graph.output], noise)
    for name in progress(chosen, "ranges", quiet=quiet, unit="tensor"):
        largest = max(-seen[name].minimum, seen[name].maximum)
        start = max(-ranges[name].minimum, ranges[name].maximum)
        limit, noise[name] = best_limit(partial(noise_at, name), start, SMALLEST * largest, largest)
        found[name] = limited(seen[name], limit, f"{ranges[name].source}-searched")
    return Searched(found, noise)


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


def _worth_searching(own: Sequence[str], noise: Mapping[str, float]) -> list[str]:
    """The tensors whose noise counts, from the logits backwards."""
    left, chosen = NEGLIGIBLE * sum(noise.values()), set(own)
    for name in sorted(own, key=lambda name: noise[name]):
        left -= noise[name]
        if left < 0:
            break
        chosen.remove(name)
    return [name for name in reversed(own) if name in chosen]
