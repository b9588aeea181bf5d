"""The per-layer report points at the layer that was spoilt, and says why."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from paddle_cortexm.compiler.graph import Activation, Convolution
from paddle_cortexm.config import Config, Model, Quantise
from paddle_cortexm.errors import UserError
from paddle_cortexm.report.deployed import check_accuracy
from paddle_cortexm.report.layer_quality import LayerQuality, with_causes, worst
from paddle_cortexm.stage import write_json
from tests.quantize.test_grid_network import squeezed

GOOD = LayerQuality("good", 30.0, 0.999, 0.0, 0.9, inherited=33.0)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"saturated": 0.05}, "range too narrow: 5.0%"),
        ({"inherited": 30.5}, "noise of earlier layers"),
        ({"used": 0.2}, "range too wide: only 20%"),
        ({"weight_spread": 90.0}, "weights spread widely: the largest of a channel is 90"),
        ({}, "own rounding"),
    ],
)
def test_the_reason_follows_from_the_figures(changes: dict[str, float], reason: str) -> None:
    assert replace(GOOD, **changes).reason.startswith(reason)


def test_the_worst_layers_come_first() -> None:
    qualities = [replace(GOOD, name=f"layer{i}", sqnr=sqnr) for i, sqnr in enumerate((20.0, 5.0, 40.0))]
    assert [quality.name for quality in worst(qualities, 2)] == ["layer1", "layer0"]


def gated(drop: float | None) -> Config:
    return Config(name="test", model=Model(backbone="PPLCNet_x0_25"), quantise=Quantise(max_accuracy_drop=drop))


def test_a_model_that_lost_too_much_is_refused_with_the_worst_layers_and_what_to_try(tmp_path: Path) -> None:
    worst = {"name": "swish1", "parts": ["conv1", "swish1"], "sqnr": 3.0, "reason": "range too narrow"}
    write_json(tmp_path / "metrics.json", {"images": 100, "top1": 0.70, "float": {"top1": 0.75}})
    write_json(tmp_path / "layers.json", {"worst": [worst]})
    expected = r"drop of 5.00%.*\n.*\n  conv1 \+ swish1: 3.0 dB; range.*\n.*method: auto.*keep_float.* was kept"
    with pytest.raises(UserError, match=expected):
        check_accuracy(gated(0.04), tmp_path)
    check_accuracy(gated(0.05), tmp_path)
    check_accuracy(gated(None), tmp_path)


def test_a_gate_without_validation_images_is_refused(tmp_path: Path) -> None:
    write_json(tmp_path / "metrics.json", {"images": 0})
    with pytest.raises(UserError, match="cannot be checked without validation images"):
        check_accuracy(gated(0.05), tmp_path)


def test_causes_are_found_through_fused_layers() -> None:
    graph = squeezed()
    fused = [layer for layer in graph.layers if isinstance(layer.operator, Convolution | Activation)]
    convolution, swish = fused[0], next(x for x in fused if x.inputs == (fused[0].output,))
    qualities = {x.output: replace(GOOD, name=x.output) for x in graph.layers if x is not convolution}
    found = next(q for q in with_causes(graph, qualities) if q.name == swish.output)
    assert found.parts == (convolution.name, swish.name)
    assert found.weight_spread > 1
