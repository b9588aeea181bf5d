"""make accuracy: every method has a config of its own on the same training; results become tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from paddle_cortexm.config import load
from paddle_cortexm.measure.accuracy.experiments import (
    DIGITS,
    METHODS,
    NETWORKS,
    deployment,
    training_configs,
    write_config,
)
from paddle_cortexm.measure.accuracy.tables import Row, tables, with_row
from paddle_cortexm.stage import STAGES, config_values


@pytest.mark.parametrize("photos", ["photos", DIGITS])
def test_methods_share_the_training_and_differ_in_name(
    photos: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    training = load(str(training_configs(NETWORKS[1], photos)[-1]))
    configs = [load(str(write_config(NETWORKS[1], photos, method))) for method in METHODS]
    assert len({config.name for config in configs}) == len(METHODS)
    for config in configs:
        assert config_values(config, STAGES["01_finetune"]) == config_values(training, STAGES["01_finetune"])
    assert len({config.quantise for config in configs}) == len(METHODS)


def test_names_are_fit_for_folders() -> None:
    assert deployment(NETWORKS[0], "photos", "mse, bias correction") == "accuracy_pplcnet_mse_bias_correction"


ROW = Row(
    model="PPLCNet_x0_5",
    photos="cifar",
    method="mse",
    images=2000,
    float_top1=0.75,
    float_top5=0.9,
    fake_quant_top1=0.74,
    fake_quant_by="PaddleSlim",
    integer_top1=0.7475,
    integer_top5=0.9,
    agreement=0.98,
)


def replace_in(row: Row, **changes: object) -> Row:
    return row.model_copy(update=changes)


def test_a_new_row_takes_the_place_of_the_same_model_photos_and_method_only() -> None:
    others = [replace_in(ROW, method="KL"), replace_in(ROW, photos="birds"), replace_in(ROW, model="MobileNetV2_x0_5")]
    better = replace_in(ROW, integer_top1=0.76)
    merged = with_row([ROW, *others], better)
    assert merged.count(better) == 1 and ROW not in merged and all(row in merged for row in others)


def test_rows_stand_in_the_order_of_photos_networks_and_methods() -> None:
    rows = [replace_in(ROW, method="KL"), replace_in(ROW, model="MobileNetV2_x0_5"), replace_in(ROW, method="hist")]
    merged = with_row(rows, ROW)
    assert [(row.model, row.method) for row in merged] == [
        ("PPLCNet_x0_5", "hist"),
        ("PPLCNet_x0_5", "mse"),
        ("PPLCNet_x0_5", "KL"),
        ("MobileNetV2_x0_5", "mse"),
    ]


def test_each_model_has_a_table_of_its_own() -> None:
    text = tables([ROW, replace_in(ROW, model="MobileNetV2_x0_5", images=500)])
    headings = [line for line in text.splitlines() if line.startswith("###")]
    assert headings == ["### PPLCNet_x0_5, 2000 images", "### MobileNetV2_x0_5, 500 images"]
    assert (
        "| method | float | fake-quantised | by | integer | integer - float | same class as float | target = host |"
        in text
    )


def test_a_result_becomes_a_row_with_its_loss_in_points() -> None:
    row = replace_in(ROW, target_frames=200, target_equal=200)
    expected = "| mse | 75.00% | 74.00% | PaddleSlim | 74.75% | -0.25 | 98.00% | 200 of 200 frames |"
    assert expected in tables([row]).splitlines()
