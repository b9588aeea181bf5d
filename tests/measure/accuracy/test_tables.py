"""Results as tables: what was lost and won, with intervals, beside the anchor."""

from __future__ import annotations

import pytest

from paddle_cortexm.artefacts.layers import LayerQuality, LayersReport
from paddle_cortexm.measure.accuracy import tables as module
from paddle_cortexm.measure.accuracy.tables import layers_table, summary, tables
from tests.measure.accuracy.rows import row


@pytest.fixture(autouse=True)
def default_is_mse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DEFAULT_METHOD", "mse")


def line_of(text: str, beginning: str) -> list[str]:
    line = next(line for line in text.splitlines() if line.startswith(f"| {beginning} |"))
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_the_summary_sets_default_best_method_and_anchor_side_by_side() -> None:
    anchors = [row("ONNX Runtime, MinMax", lost=20), row("ONNX Runtime, Entropy", lost=12)]
    cells = line_of(summary([row(), row("auto", lost=2), *anchors]), "PPLCNet_x0_5/64, CIFAR-10")
    assert cells[1:7] == ["400", "82.50%", "81.00%", "-1.50 (-3.18 to +0.19)", "8 / 2", "95.00%"]
    assert cells[7:] == ["auto", "+0.00", "78.00% / 80.00%", "-4.50 / -2.50"]


def test_the_summary_says_where_there_is_no_anchor() -> None:
    assert line_of(summary([row()]), "PPLCNet_x0_5/64, CIFAR-10")[9] == "not measured"


def test_a_network_without_the_default_is_not_in_the_summary() -> None:
    assert "CIFAR" not in summary([row("auto")])


def test_each_network_has_a_table_of_its_own() -> None:
    text = tables([row(), row(network="mobilenetv2_cifar10")])
    headings = [line for line in text.splitlines() if line.startswith("###")]
    assert headings == [
        "### PPLCNet_x0_5/64, CIFAR-10: 400 images, float 82.50%",
        "### MobileNetV2_x0_5/64, CIFAR-10: 400 images, float 82.50%",
    ]


def test_a_method_s_line_has_the_pairs_their_interval_and_p() -> None:
    measured = row().model_copy(update={"target_frames": 20, "target_equal": 20})
    assert line_of(tables([measured]), "mse")[1:] == [
        *("81.00%", "-1.50", "-3.18 to +0.19", "8 / 2", "0.11", "95.00%", "20 of 20"),
    ]


def layer(title: str, own: float) -> LayerQuality:
    return LayerQuality(name=title, title=title, sqnr=own - 3, own=own, cosine=1.0, grids=())


def test_the_worst_layers_are_shown_before_and_after() -> None:
    before = LayersReport(images=4, available=4, layers=tuple(layer(f"{i + 3} conv{i}", 10.0 + i) for i in range(7)))
    after = LayersReport(images=4, available=4, layers=(layer("3 conv0", 25.0), layer("5 conv1", float("inf"))))
    text = layers_table(before, after)
    assert len(text.splitlines()) == 2 + 5
    assert line_of(text, "conv0") == ["conv0", "10.0", "7.0", "25.0", "22.0"]
    assert line_of(text, "conv1")[3:] == ["exact", "exact"]
    assert line_of(text, "conv2")[3:] == ["", ""]
