"""layers.json: how far each layer of the integer model is from the float one, what it adds itself, the likely reason.

Both models see the same images. `sqnr` is about the noise that has accumulated up to a layer's output; `own` about what
the layer makes of exact inputs. A late layer of a spoilt model has a low sqnr whatever it does; the layer to blame is
one whose own figure is low.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, isfinite
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer

from paddle_cortexm.artefacts.artefact import Artefact, Part

SATURATION_LIMIT = 0.01  # share of values beyond the ends of the range that is worth a remark
UNUSED_LIMIT = 0.5  # share of the steps that no value reaches
INHERITED = 6.0  # dB between own and accumulated noise: from here on, three quarters come from earlier layers
SPREAD_LIMIT = 20.0
# Infinite without noise; JSON has no word for that but null.
Decibels = Annotated[
    float,
    BeforeValidator(lambda value: inf if value is None else value),
    PlainSerializer(lambda value: value if isfinite(value) else None),
]


class GridUse(Part):
    """How exact values fit a tensor's grid. title: of the layer that makes the tensor; saturated: share beyond the
    ends; used: share of the steps between the smallest and the largest value."""

    tensor: str
    title: str
    saturated: float
    used: float


class LayerQuality(Part):
    """sqnr: signal to accumulated quantisation noise, dB; own: to that of the layer alone, on exact inputs; inherited:
    the lowest sqnr among its inputs. grids: those it rounds to, also of tensors that fusion hides. weight_spread: the
    largest weight of a channel over that channel's mean, for the worst channel; 0 without weights. title: what people
    call the layer, with its number; parts: the layers of the float graph that were fused into this one.
    """

    name: str
    title: str
    sqnr: Decibels
    own: Decibels
    cosine: float
    grids: tuple[GridUse, ...]
    inherited: Decibels = inf
    weight_spread: float = 0.0
    parts: tuple[str, ...] = ()

    @property
    def reason(self) -> str:
        """What the figures point to, in words."""
        inherited = f"noise of earlier layers: its input has {self.inherited:.1f} dB already"
        if self.own == inf:
            return inherited
        for grid in self.grids:
            if grid.saturated > SATURATION_LIMIT:
                return f"range of {grid.title} too narrow: {grid.saturated:.1%} of the values saturate"
        for grid in self.grids:
            if grid.used < UNUSED_LIMIT:
                return f"range of {grid.title} too wide: only {grid.used:.0%} of the steps are used"
        if self.weight_spread > SPREAD_LIMIT:
            return f"weights spread widely: the largest of a channel is {self.weight_spread:.0f} times its mean"
        if self.own - self.sqnr > INHERITED:
            return f"mostly {inherited}"
        return "own rounding: many small values on a grid made for few large ones"


class LayersReport(Artefact):
    """layers.json. images: how many the models were compared on, of the `available` calibration images; layers: those
    with an integer result, in order."""

    file, script = "layers.json", "03_compile_tvm.py"

    images: int
    available: int
    layers: tuple[LayerQuality, ...]

    def worst_text(self) -> str:
        """The five worst layers, a line each: the title, the figures, the reason."""
        lines = []
        for layer in worst(self.layers):
            own, sqnr = (f"{value:.1f} dB" if isfinite(value) else "exact" for value in (layer.own, layer.sqnr))
            lines.append(f"  {layer.title}: alone {own}, with earlier layers' noise {sqnr}; {layer.reason}")
        return "\n".join(lines)


def worst(qualities: Sequence[LayerQuality], count: int = 5) -> list[LayerQuality]:
    """The layers that add most noise of their own in relation to their signal, the worst first."""
    return sorted(qualities, key=lambda quality: quality.own)[:count]
