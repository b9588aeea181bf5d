"""The per-layer report points at the layer that was spoilt, and says why."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from paddle_cortexm.accuracy_gate import check_accuracy
from paddle_cortexm.artefacts.deployed import DeployedMetrics
from paddle_cortexm.artefacts.layers import GridUse, LayerQuality, LayersReport, worst
from paddle_cortexm.artefacts.training import Scores
from paddle_cortexm.config import Config, Model, Quantise
from paddle_cortexm.errors import UserError

GOOD = LayerQuality(
    "good",
    "7 pointwise good",
    30.0,
    31.0,
    0.999,
    (GridUse("inner", 0.0, 0.9), GridUse("good", 0.0, 0.9)),
    inherited=33.0,
)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"grids": (GridUse("inner", 0.05, 0.9), GOOD.grids[1])}, "range of inner too narrow: 5.0%"),
        ({"grids": (GOOD.grids[0], GridUse("good", 0.0, 0.2))}, "range of good too wide: only 20%"),
        ({"weight_spread": 90.0}, "weights spread widely: the largest of a channel is 90"),
        ({"sqnr": 20.0, "inherited": 20.5}, "mostly noise of earlier layers: its input has 20.5 dB"),
        ({"own": float("inf"), "inherited": 20.5}, "noise of earlier layers: its input has 20.5 dB"),
        ({}, "own rounding"),
    ],
)
def test_the_reason_follows_from_the_figures(changes: dict[str, Any], reason: str) -> None:
    assert replace(GOOD, **changes).reason.startswith(reason)


def test_the_worst_layers_are_those_that_add_most_noise_themselves() -> None:
    culprit, victim = replace(GOOD, name="culprit", own=5.0, sqnr=5.0), replace(GOOD, name="victim", own=40.0, sqnr=4.0)
    assert [quality.name for quality in worst([victim, GOOD, culprit], 2)] == ["culprit", "good"]


def gated(drop: float | None) -> Config:
    return Config(name="test", model=Model(backbone="PPLCNet_x0_25"), quantise=Quantise(max_accuracy_drop=drop))


def test_a_model_that_lost_too_much_is_refused_with_the_worst_layers_and_what_to_try(tmp_path: Path) -> None:
    culprit = replace(GOOD, title="3 pointwise conv1", own=9.0, sqnr=3.0, grids=(GridUse("swish1", 0.2, 1.0),))
    floats = Scores(images=100, top1=0.75, top5=0.9)
    DeployedMetrics(summary="", images=100, top1=0.70, top5=0.9, floats=floats).write(tmp_path)
    LayersReport(images=4, layers=(culprit,)).write(tmp_path)
    named = r"  3 pointwise conv1: alone 9.0 dB, .* 3.0 dB; range"
    expected = rf"drop of 5.00%.*\n.*\n{named}.*\n.*method: auto.*keep_float.* was kept"
    with pytest.raises(UserError, match=expected):
        check_accuracy(gated(0.04), tmp_path)
    check_accuracy(gated(0.05), tmp_path)
    check_accuracy(gated(None), tmp_path)


def test_a_gate_without_validation_images_is_refused(tmp_path: Path) -> None:
    DeployedMetrics(summary="not measured").write(tmp_path)
    with pytest.raises(UserError, match="cannot be checked without validation images"):
        check_accuracy(gated(0.05), tmp_path)
