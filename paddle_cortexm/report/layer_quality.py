"""How far each layer of the integer model is from the float one: SQNR, cosine, saturation, and the likely reason.

Both models see the same images. A layer's noise is what has accumulated up to its output, so the first layer whose
figure drops is the one to look at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.fake_quantisation import WEIGHTED
from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.quantisation import weight_rows
from paddle_cortexm.report.deployed_layers import fused_layers, visit_layers
from paddle_cortexm.simulate import HostModel

SATURATION_LIMIT = 0.01  # share of values beyond the ends of the int8 range that is worth a remark
UNUSED_LIMIT = 0.5  # share of the 256 steps that no value reaches
OWN_NOISE = 1.0  # dB below its inputs: less than this is not the layer's doing
SPREAD_LIMIT = 20.0


@dataclass(frozen=True)
class LayerQuality:
    """sqnr: signal to quantisation noise, dB; inherited: the lowest sqnr among its inputs. saturated: share of outputs
    beyond the int8 grid's ends. used: share of the 256 steps between the smallest and the largest output seen.
    weight_spread: the largest weight of a channel over that channel's mean, for the worst channel; 0 without weights.
    parts: the layers of the float graph that were fused into this one, as quantise.keep_float names them.
    """

    name: str
    sqnr: float
    cosine: float
    saturated: float
    used: float
    inherited: float = float("inf")
    weight_spread: float = 0.0
    parts: tuple[str, ...] = ()

    @property
    def reason(self) -> str:
        """What the figures point to, in words."""
        if self.saturated > SATURATION_LIMIT:
            return f"range too narrow: {self.saturated:.1%} of the values saturate"
        if self.inherited - self.sqnr < OWN_NOISE:
            return f"noise of earlier layers: its input has {self.inherited:.1f} dB already"
        if self.used < UNUSED_LIMIT:
            return f"range too wide: only {self.used:.0%} of the 256 steps are used"
        if self.weight_spread > SPREAD_LIMIT:
            return f"weights spread widely: the largest of a channel is {self.weight_spread:.0f} times its mean"
        return "own rounding: many small values on a grid made for few large ones"


class _Sums:
    """Running sums of one layer over all images."""

    def __init__(self) -> None:
        self.signal = self.noise = self.product = self.energy = 0.0
        self.saturated = self.count = 0
        self.lowest, self.highest = 127, -128

    def add(self, integers: NDArray[np.int8], scale: float, zero_point: int, expected: NDArray[np.float32]) -> None:
        real = scale * (integers.reshape(-1).astype(np.float64) - zero_point)
        wanted = expected.reshape(-1).astype(np.float64)
        self.signal += float(wanted @ wanted)
        self.noise += float(((real - wanted) ** 2).sum())
        self.product += float(real @ wanted)
        self.energy += float(real @ real)
        beyond = (wanted > scale * (127.5 - zero_point)) | (wanted < scale * (-128.5 - zero_point))
        self.saturated += int(beyond.sum())
        self.count += real.size
        self.lowest = min(self.lowest, int(integers.min()))
        self.highest = max(self.highest, int(integers.max()))

    def quality(self, name: str) -> LayerQuality:
        sqnr = 10 * np.log10(max(self.signal, 1e-30) / max(self.noise, 1e-30))
        cosine = self.product / max(np.sqrt(self.signal * self.energy), 1e-30)
        used = max(0, self.highest - self.lowest + 1) / 256
        return LayerQuality(name, float(sqnr), float(cosine), self.saturated / max(self.count, 1), used)


def compare_layers(
    model: HostModel, reference: Graph, images: Iterable[tuple[NDArray[np.int8], NDArray[np.float32]]]
) -> list[LayerQuality]:
    """Quality of every int8 layer, in order, against the float graph.

    images: pairs of the same preprocessed image for the integer model (int8) and for the float graph (1, H, W, 3).
    """
    names = [layer["output"] for layer in model.facts["layers"]]
    sums = {name: _Sums() for name in names if model.facts["tensors"][name]["quantisation"]}

    def collect(name: str, integers: NDArray[np.int8], exact: Mapping[str, NDArray[np.float32]]) -> None:
        quantisation = model.facts["tensors"][name]["quantisation"]
        sums[name].add(integers, quantisation["scale"], quantisation["zero_point"], exact[name])

    for integers, reals in images:
        visit_layers(model, reference, integers, reals, collect)
    return with_causes(reference, {name: entry.quality(name) for name, entry in sums.items() if entry.count})


def with_causes(reference: Graph, qualities: Mapping[str, LayerQuality]) -> list[LayerQuality]:
    """The qualities with what needs the graph: the fused layers, their inputs' quality, the spread of their weights."""
    result = []
    for layer in fused_layers(reference, qualities):
        inherited = [qualities[name].sqnr for part in layer.parts for name in part.inputs if name in qualities]
        quality = replace(
            qualities[layer.output],
            inherited=min(inherited, default=float("inf")),
            weight_spread=max(map(_weight_spread, layer.parts)),
            parts=tuple(part.name for part in layer.parts),
        )
        result.append(quality)
    return result


def _weight_spread(layer: Layer) -> float:
    if not isinstance(layer.operator, WEIGHTED):
        return 0.0
    rows = np.abs(weight_rows(layer.operator))
    return float((rows.max(axis=1) / np.maximum(rows.mean(axis=1), 1e-12)).max())


def worst(qualities: list[LayerQuality], count: int = 5) -> list[LayerQuality]:
    """The layers with the lowest SQNR, the worst first."""
    return sorted(qualities, key=lambda q: q.sqnr)[:count]
