"""The gate refuses a model that lost too much accuracy, and says what to look at."""

from __future__ import annotations

from pathlib import Path

import pytest

from paddle_cortexm.accuracy_gate import check_accuracy
from paddle_cortexm.artefacts.deployed import DeployedMetrics
from paddle_cortexm.artefacts.layers import GridUse, LayerQuality, LayersReport
from paddle_cortexm.artefacts.training import Scores
from paddle_cortexm.config import Config, Model, Quantise
from paddle_cortexm.errors import UserError

CULPRIT = LayerQuality(
    name="swish_1.tmp_0",
    title="3 pointwise conv1",
    sqnr=3.0,
    own=9.0,
    cosine=0.8,
    grids=(GridUse(tensor="swish_1.tmp_0", title="hard-swish after conv1", saturated=0.2, used=1.0),),
)


def gated(drop: float | None) -> Config:
    return Config(name="test", model=Model(backbone="PPLCNet_x0_25"), quantise=Quantise(max_accuracy_drop=drop))


def test_too_much_lost_since_stage_1_is_refused_with_the_worst_layers_and_what_to_try(
    tmp_path: Path,
) -> None:
    trained, compiled = (Scores(images=100, top1=top1, top5=0.9) for top1 in (0.75, 0.71))
    made = DeployedMetrics(summary="", images=100, top1=0.70, top5=0.9, trained=trained, floats=compiled)
    made.write(tmp_path)
    LayersReport(images=4, available=128, layers=(CULPRIT,)).write(tmp_path)
    named = r"  3 pointwise conv1: alone 9.0 dB, .* 3.0 dB; range of hard-swish after conv1"
    expected = rf"drop of 5.00%.*\n.*\n{named}.*\n.*method: auto.*keep_float.* was kept"
    with pytest.raises(UserError, match=expected):
        check_accuracy(gated(0.04), tmp_path)
    check_accuracy(gated(0.05), tmp_path)
    check_accuracy(gated(None), tmp_path)


def test_a_gate_without_an_accuracy_is_refused_with_the_reason(tmp_path: Path) -> None:
    DeployedMetrics(summary="not measured: the reason. What to give").write(tmp_path)
    with pytest.raises(UserError, match=r"cannot be checked\. .* not measured: the reason\. What to give, or remove"):
        check_accuracy(gated(0.05), tmp_path)
