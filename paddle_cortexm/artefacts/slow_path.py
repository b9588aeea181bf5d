"""The layers that no kernel takes but C that TVM generates, which is several times as slow: how much of a network they
are, as planned and as counted."""

from __future__ import annotations

from collections.abc import Sequence

from paddle_cortexm.artefacts.artefact import Part
from paddle_cortexm.artefacts.model import PlannedLayer, numbered
from paddle_cortexm.tables import text_table

GENERATED = "tvm"  # the backend's name
NOTICED = 0.02  # of a network: what is more is worth a note


class SlowLayer(Part):
    """title: the layer's, with its number; share: of the network, 0 to 1."""

    title: str
    kernel: str
    share: float


class SlowPath(Part):
    """measure: what the shares are of; share: of all the layers listed; layers: the heaviest first."""

    measure: str
    share: float
    layers: tuple[SlowLayer, ...]

    @property
    def summary(self) -> str:
        """In a few words."""
        count = f"{len(self.layers)} layer{'' if len(self.layers) == 1 else 's'}"
        return f"{count}, {self.share:.1%} of the {self.measure}"

    @property
    def text(self) -> str:
        """The layers for people, with a note where they are more than a network should bear."""
        if not self.layers:
            return "no layer is left to tvm's C"
        note = "note: " if self.share > NOTICED else ""
        rows = [(f"{layer.share:.1%}", layer.title, layer.kernel) for layer in self.layers]
        return f"{note}left to tvm's C: {self.summary}\n{text_table(rows[0], rows[1:], left=(1, 2), indent='  ')}"


def planned_slow_path(layers: Sequence[PlannedLayer]) -> SlowPath:
    """By the estimated instructions; where a layer has no estimate, by the MACs, or values where a layer has none."""
    estimates = [layer.estimated_instructions for layer in layers]
    known = [count for count in estimates if count is not None]
    if len(known) == len(layers):
        return slow_path(layers, known, "estimated instructions")
    return slow_path(layers, [layer.macs or layer.input_elements for layer in layers], "MACs and values")


def slow_path(layers: Sequence[PlannedLayer], costs: Sequence[int], measure: str) -> SlowPath:
    """costs: of each layer."""
    total = max(sum(costs), 1)
    found = [
        SlowLayer(title=numbered(number, layer.title), kernel=layer.kernel, share=cost / total)
        for number, (layer, cost) in enumerate(zip(layers, costs))
        if layer.backend == GENERATED
    ]
    ranked = sorted(found, key=lambda layer: -layer.share)
    return SlowPath(measure=measure, share=sum(layer.share for layer in found), layers=tuple(ranked))
