"""The configs of the networks that are measured, and what a failing stage says."""

from pathlib import Path

import pytest

from paddle_cortexm.config import load
from paddle_cortexm.measure.bench.networks import NETWORKS, Network, Variant, deploy, write_config
from paddle_cortexm.measure.common.scripts import ScriptFailed


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.title)
@pytest.mark.parametrize("precision", ["int8", "fp16", "fp32"])
def test_every_network_and_precision_makes_a_valid_config(
    network: Network, precision: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    variant = Variant(network, precision, ("cmsis-nn", "tvm"), "corstone310", "64KiB")
    settings = load(str(write_config(variant, variant.name)))
    assert (settings.model.backbone, settings.model.image_size) == (network.backbone, network.image_size)
    assert settings.quantise.precision == precision and settings.train.epochs == 0
    assert settings.compile.target == "corstone310" and settings.compile.memory.arena == 65536


def test_variants_of_a_network_share_what_is_made_before_stage_3() -> None:
    first = Variant(NETWORKS[0], "int8")
    second = Variant(NETWORKS[0], "int8", ("tvm",), "corstone310", "minimum")
    assert first.source == second.source and first.name != second.name
    assert Variant(NETWORKS[0], "fp32").source != first.source


def test_a_failing_stage_is_named_with_what_it_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ScriptFailed, match=r"(?s)01_finetune.py --config .*status 2.*no 'MobileNetV9'"):
        deploy(Variant(Network("MobileNetV9", 96), "int8"))
