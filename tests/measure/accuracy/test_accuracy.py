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
from paddle_cortexm.measure.accuracy.tables import tables
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


def test_a_result_becomes_a_row_with_its_loss_in_points() -> None:
    row = {
        "model": "M",
        "photos": "cifar",
        "method": "mse",
        "images": 2000,
        "float_top1": 0.75,
        "fake_quant_top1": 0.74,
        "fake_quant_by": "PaddleSlim",
    }
    row |= {"integer_top1": 0.7475, "agreement": 0.98, "target_frames": 200, "target_equal": 200}
    expected = "| mse | 75.00% | 74.00% | PaddleSlim | 74.75% | -0.25 | 98.00% | 200 of 200 frames |"
    assert expected in tables([row]).splitlines()
