"""How far each layer of the integer model is from the float one: SQNR, cosine, saturation, and the likely reason.

Both models see the same images. A layer's noise is what has accumulated up to its output, so the first layer whose
figure drops is the one to look at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.simulate import HostModel

FloatRun = Callable[[NDArray[np.float32]], Mapping[str, NDArray[np.float32]]]
SATURATION_LIMIT = 0.01  # share of values at the ends of the int8 range that is worth a remark
UNUSED_LIMIT = 0.5  # share of the 256 steps that no value reaches


@dataclass(frozen=True)
class LayerQuality:
    """sqnr: signal to quantisation noise, dB. saturated: share of outputs at an end of the grid which the float model
    does not put there. used: share of the 256 steps between the smallest and the largest output seen."""

    name: str
    sqnr: float
    cosine: float
    saturated: float
    used: float

    @property
    def reason(self) -> str:
        """What the figures point to, in words."""
        if self.saturated > SATURATION_LIMIT:
            return f"range too narrow: {self.saturated:.1%} of the values saturate"
        if self.used < UNUSED_LIMIT:
            return f"range too wide: only {self.used:.0%} of the 256 steps are used"
        return "noise of earlier layers, or weights whose sizes differ widely between channels"


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
        used = (self.highest - self.lowest + 1) / 256
        return LayerQuality(name, float(sqnr), float(cosine), self.saturated / max(self.count, 1), used)


def compare_layers(
    model: HostModel, float_run: FloatRun, images: Iterable[tuple[NDArray[np.int8], NDArray[np.float32]]]
) -> list[LayerQuality]:
    """Quality of every int8 layer, in order.

    images: pairs of the same preprocessed image for the integer model (int8) and for the float model (1, H, W, 3).
    """
    layers = [layer["output"] for layer in model.facts["layers"]]
    sums = {name: _Sums() for name in layers if model.facts["tensors"][name]["quantisation"]}
    for integers, reals in images:
        expected = float_run(reals)
        model.on_layer(partial(_collect, model, layers, sums, expected))
        model.run_input(integers)
    model.on_layer(None)
    return [entry.quality(name) for name, entry in sums.items()]


def worst(qualities: list[LayerQuality], count: int = 5) -> list[LayerQuality]:
    """The layers with the lowest SQNR, the worst first."""
    return sorted(qualities, key=lambda q: q.sqnr)[:count]


def _collect(
    model: HostModel, layers: list[str], sums: Mapping[str, _Sums], expected: Mapping[str, Any], number: int
) -> None:
    name = layers[number]
    if name in sums and name in expected:
        quantisation = model.facts["tensors"][name]["quantisation"]
        values = model.tensor(name).astype(np.int8)
        sums[name].add(values, quantisation["scale"], quantisation["zero_point"], expected[name])
