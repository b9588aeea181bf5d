"""The configs of make accuracy: every method has one of its own on the same training; data lie where the user says."""

from __future__ import annotations

from pathlib import Path

import pytest

from paddle_cortexm.config import CONFIG_FOLDER, load
from paddle_cortexm.measure.accuracy.experiments import (
    METHODS,
    deployment,
    methods_of,
    pages_folder,
    training_configs,
    write_config,
)
from paddle_cortexm.measure.accuracy.networks import NETWORKS, Network
from paddle_cortexm.paths import REPOSITORY
from paddle_cortexm.stage import STAGES, config_values

BY_NAME = {network.name: network for network in NETWORKS}
CIFAR, IMAGENET, PAGES = (BY_NAME[name] for name in ("mobilenetv2_cifar10", "mobilenetv2_imagenet", "pplcnet_pages"))


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the shipped configs to write below."""
    (tmp_path / CONFIG_FOLDER).symlink_to(REPOSITORY / CONFIG_FOLDER)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", ["mobilenetv2_cifar10", "mobilenetv2_imagenet", "mobilenetv2_digits"])
def test_methods_share_the_training_and_differ_in_name(name: str) -> None:
    network, methods = BY_NAME[name], methods_of(BY_NAME[name])
    training = load(str(training_configs(network, Path("data"))[-1]))
    configs = [load(str(write_config(network, Path("data"), method))) for method in methods]
    assert len({config.name for config in configs}) == len({config.quantise for config in configs}) == len(methods)
    for config in configs:
        assert config_values(config, STAGES["01_finetune"]) == config_values(training, STAGES["01_finetune"])


def test_names_are_fit_for_folders() -> None:
    assert deployment(PAGES, "mse, bias correction") == "accuracy_pplcnet_pages_mse_bias_correction"


def test_photos_and_weights_lie_in_the_data_folder(elsewhere: Path) -> None:
    data = elsewhere / "data"
    config = load(str(write_config(IMAGENET, data)))
    assert config.data.path == data / "imagenet_sample"
    assert config.model.weights == str(data / "weights" / "MobileNetV2_imagenet.pdparams")
    assert IMAGENET.needs(data) == [config.data.path, Path(config.model.weights)]


def test_a_shipped_config_s_values_stand_unless_the_network_has_its_own() -> None:
    shipped, measured = load(IMAGENET.shipped), load(str(write_config(IMAGENET, Path("data"))))
    assert (measured.model.backbone, measured.model.image_size) == (shipped.model.backbone, shipped.model.image_size)
    assert (shipped.data.kind, measured.data.kind) == ("digits", "list")


@pytest.mark.parametrize("network", [IMAGENET, PAGES, CIFAR], ids=lambda network: network.name)
def test_the_whole_validation_list_is_measured(network: Network) -> None:
    assert load(str(write_config(network, Path("data")))).data.validation_images is None


def test_pages_are_drawn_only_where_the_data_folder_has_none(elsewhere: Path) -> None:
    drawn = pages_folder(elsewhere)
    (elsewhere / "pages").mkdir()
    assert pages_folder(elsewhere) == elsewhere / "pages" != drawn
    assert PAGES.needs(elsewhere) == [elsewhere / "weights" / PAGES.model["weights"]]


def test_qat_is_for_networks_that_are_trained_here() -> None:
    assert "QAT" in methods_of(CIFAR) and "QAT" not in methods_of(IMAGENET)
    assert set(methods_of(CIFAR)) == set(METHODS)


@pytest.mark.parametrize("network", [network for network in NETWORKS if network.quick], ids=lambda n: n.name)
def test_quick_networks_need_nothing(network: Network) -> None:
    assert network.needs(Path("data")) == []
