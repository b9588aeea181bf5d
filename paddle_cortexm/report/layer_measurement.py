"""Measures every layer of the integer model against the float one, image by image."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.artefacts.layers import GridUse, LayerQuality
from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.integers.grids import distinguishable_range
from paddle_cortexm.compiler.layer_names import layer_title
from paddle_cortexm.compiler.operators.weights.weighted import Weighted
from paddle_cortexm.compiler.tensor import Grid, Range
from paddle_cortexm.host.model import HostModel
from paddle_cortexm.report.deployed_layers import (
    Floats,
    FusedLayer,
    RoundedLayers,
    fused_layers,
    only_moves,
    visit_layers,
)

Pair = tuple[NDArray[np.int8], Floats]


def compare_layers(
    model: HostModel, reference: Graph, rounded: RoundedLayers, images: Iterable[Pair]
) -> list[LayerQuality]:
    """Quality of every layer with an integer result, in order, against the float graph.

    images: pairs of the same preprocessed image for the integer model (int8) and for the float graph (1, H, W, 3).
    """
    layers = fused_layers(reference, model.facts.integer_titles)
    measured = {layer.output: _Measured(layer, reference, rounded) for layer in layers}

    def collect(name: str, integers: NDArray[np.signedinteger], exact: Mapping[str, Floats]) -> None:
        measured[name].add(integers, exact)

    for integers, reals in images:
        visit_layers(model, reference, integers, reals, collect)
    sqnr = {name: entry.accumulated.sqnr for name, entry in measured.items()}
    return [entry.quality(sqnr) for entry in measured.values()]


class _Noise:
    """Running sums over a tensor's values: of the signal squared, the noise squared, and the product of both."""

    def __init__(self) -> None:
        self.signal = self.noise = self.common = 0.0

    def add(self, got: Floats, wanted: Floats) -> None:
        noise = got - wanted
        self.signal += float(wanted @ wanted)
        self.noise += float(noise @ noise)
        self.common += float(noise @ wanted)

    @property
    def sqnr(self) -> float:
        """dB; infinite without noise."""
        return float(10 * np.log10(max(self.signal, 1e-30) / self.noise)) if self.noise else float("inf")

    @property
    def cosine(self) -> float:
        """Of the angle between what was got and what was wanted."""
        got_squared = max(self.signal + 2 * self.common + self.noise, 0.0)
        return (self.signal + self.common) / max(float(np.sqrt(self.signal * got_squared)), 1e-30)


class _Use:
    """How much of a grid exact values use, and how many lie beyond it."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self.beyond = self.count = 0
        self.highest, self.lowest = grid.ends

    def add(self, wanted: Floats) -> None:
        (low, high), half_step = self.grid.limits, self.grid.scale / 2
        low, high = low - half_step, high + half_step
        extremes = np.array([wanted.min(), wanted.max()])
        if extremes[0] < low or extremes[1] > high:
            self.beyond += int(np.count_nonzero(wanted < low) + np.count_nonzero(wanted > high))
        self.count += wanted.size
        lowest, highest = self.grid.integers(extremes).tolist()
        self.lowest, self.highest = min(self.lowest, lowest), max(self.highest, highest)

    @property
    def saturated(self) -> float:
        """Share of the values beyond the ends."""
        return self.beyond / max(self.count, 1)

    @property
    def used(self) -> float:
        """Share of the grid's steps between the smallest and the largest value."""
        minimum, maximum = self.grid.ends
        return max(0, self.highest - self.lowest + 1) / (maximum - minimum + 1)


class _Measured:
    """One layer of the integer model over all images. Values that the next layers cannot tell apart are one value:
    hard-swish's input may be cut at -3 without loss."""

    def __init__(self, layer: FusedLayer, reference: Graph, rounded: RoundedLayers) -> None:
        self.layer, self.reference, self.rounded = layer, reference, rounded
        self.accumulated, self.own = _Noise(), _Noise()
        self.grids = {p.output: g for p in layer.parts if (g := rounded.grid_of(p.output)) is not None}
        rounding = [p.output for p in layer.parts if p.output in self.grids and not only_moves(p)]
        self.uses = {name: _Use(self.grids[name]) for name in rounding}
        self.useful = {name: distinguishable_range(reference, name) for name in self.grids}

    def add(self, integers: NDArray[np.signedinteger], exact: Mapping[str, Floats]) -> None:
        """One image: the layer's integer result, every float tensor."""
        name = self.layer.output
        grid = self.grids[name]
        real = grid.float32_values(integers)
        wanted = {tensor: _flat(exact[tensor], self.useful[tensor]) for tensor in self.grids}
        alone = self.rounded.results(self.layer.parts, exact)[name]
        self.accumulated.add(_flat(real, self.useful[name]), wanted[name])
        self.own.add(_flat(alone, self.useful[name]), wanted[name])
        for tensor, use in self.uses.items():
            use.add(wanted[tensor])

    def quality(self, sqnr: Mapping[str, float]) -> LayerQuality:
        """sqnr: of every layer's result, by name."""
        parts = self.layer.parts
        return LayerQuality(
            name=self.layer.output,
            title=self.layer.title,
            sqnr=self.accumulated.sqnr,
            own=self.own.sqnr,
            cosine=self.accumulated.cosine,
            grids=tuple(
                GridUse(
                    tensor=p.output,
                    title=layer_title(self.reference, p),
                    saturated=self.uses[p.output].saturated,
                    used=self.uses[p.output].used,
                )
                for p in parts
                if p.output in self.uses
            ),
            inherited=min((sqnr[name] for p in parts for name in p.inputs if name in sqnr), default=float("inf")),
            weight_spread=max(
                (_weight_spread(p) for p in parts if p.output not in self.rounded.keep_float), default=0.0
            ),
            parts=tuple(part.output for part in parts),
        )


def _flat(values: Floats, useful: Range) -> Floats:
    """The values as a vector, without what the next layers cannot tell apart."""
    flat = values.reshape(-1)
    return np.clip(flat, *useful) if np.isfinite(useful).any() else flat


def _weight_spread(layer: Layer) -> float:
    if not isinstance(layer.operator, Weighted):
        return 0.0
    rows = np.abs(layer.operator.weight_rows())
    return float((rows.max(axis=1) / np.maximum(rows.mean(axis=1), 1e-12)).max())
