"""The per-layer report points at the layer that was spoilt, and says why."""

from __future__ import annotations

from typing import Any

import pytest

from paddle_cortexm.artefacts.layers import GridUse, LayerQuality, LayersReport, worst

INNER = GridUse(tensor="conv_1.tmp_0", title="pointwise inner", saturated=0.0, used=0.9)
OUTER = GridUse(tensor="relu_1.tmp_0", title="relu after inner", saturated=0.0, used=0.9)
GOOD = LayerQuality(
    name="good",
    title="7 pointwise good",
    sqnr=30.0,
    own=31.0,
    cosine=0.999,
    grids=(INNER, OUTER),
    inherited=33.0,
)


def changed(**changes: Any) -> LayerQuality:
    return GOOD.model_copy(update=changes)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {"grids": (INNER.model_copy(update={"saturated": 0.05}), OUTER)},
            "range of pointwise inner too narrow: 5.0% of",
        ),
        (
            {"grids": (INNER, OUTER.model_copy(update={"used": 0.2}))},
            "range of relu after inner too wide: only 20% of",
        ),
        ({"weight_spread": 90.0}, "weights spread widely: the largest of a channel is 90"),
        ({"sqnr": 20.0, "inherited": 20.5}, "mostly noise of earlier layers: its input has 20.5 dB"),
        ({"own": float("inf"), "inherited": 20.5}, "noise of earlier layers: its input has 20.5 dB"),
        ({}, "own rounding"),
    ],
)
def test_the_reason_follows_from_the_figures(changes: dict[str, Any], reason: str) -> None:
    assert changed(**changes).reason.startswith(reason)


def test_the_worst_layers_are_those_that_add_most_noise_themselves() -> None:
    culprit, victim = changed(name="culprit", own=5.0, sqnr=5.0), changed(name="victim", own=40.0, sqnr=4.0)
    assert [quality.name for quality in worst([victim, GOOD, culprit], 2)] == ["culprit", "good"]


def test_a_worst_layer_is_a_line_of_title_figures_and_reason() -> None:
    report = LayersReport(
        images=4, available=128, layers=(GOOD, changed(title="8 pool", own=float("inf"), inherited=29.0))
    )
    assert report.worst_text() == (
        "  7 pointwise good: alone 31.0 dB, with earlier layers' noise 30.0 dB; own rounding: many small values on a "
        "grid made for few large ones\n"
        "  8 pool: alone exact, with earlier layers' noise 30.0 dB; noise of earlier layers: its input has 29.0 dB "
        "already"
    )
