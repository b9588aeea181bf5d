"""The configs of `make accuracy`: one for the training of each network, one for each way to quantise it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from paddle_cortexm.config import Quantise
from paddle_cortexm.errors import UserError
from paddle_cortexm.measure.accuracy.networks import PAGES, WEIGHTS, Network
from paddle_cortexm.paths import BUILD_FOLDER, CONFIG_FOLDER

FOLDER = BUILD_FOLDER / "accuracy"
HALF_SIZE_LEARNING_RATE = 0.003
PLAIN: dict[str, Any] = {
    "range_search": False,
    "equalisation": False,
    "int16": False,
    "rounding": "nearest",
}
METHODS: dict[str, dict[str, Any]] = {
    "abs_max": {"algorithm": "abs_max", **PLAIN},
    "avg": {"algorithm": "avg", **PLAIN},
    "mse": {"algorithm": "mse", **PLAIN},
    "snr": {"algorithm": "snr", **PLAIN},
    "default": {},
    "default, from abs_max": {"algorithm": "abs_max"},
    "default, from snr": {"algorithm": "snr"},
    "default without int16": {"int16": False},
    "default without equalisation": {"equalisation": False},
    "default without range search": {"range_search": False},
    "default, symmetric": {"symmetric": True},
    "default without AdaRound": {"rounding": "nearest"},
    "default, bias correction": {"bias_correction": True},
    "auto": {"method": "auto"},
    "QAT": {"method": "qat", "epochs": 2, "learning_rate": 0.0005},
    "QAT, distillation": {"method": "qat", "epochs": 2, "learning_rate": 0.0005, "distillation": 0.5},
}
DEFAULT_METHOD = next(name for name, values in METHODS.items() if Quantise(**values) == Quantise())
ON_TARGET = (DEFAULT_METHOD, "auto", "QAT")  # methods whose program also runs on the simulator


def methods_of(network: Network) -> list[str]:
    """The methods that fit the network: QAT trains, so only where the network was trained on this data."""
    return [name for name, values in METHODS.items() if network.is_trained or values.get("method") != "qat"]


def training_configs(network: Network, data: Path) -> list[Path]:
    """The configs whose first stages train the network, in order; the last one's result is what methods start from.
    data: the data folder."""
    halves = [_half_size_config(network, data)] if network.half_size_epochs else []
    return [*halves, write_config(network, data)]


def write_config(network: Network, data: Path, method: str | None = None) -> Path:
    """The config of the training (method None) or of one method; its stem is the deployment's name."""
    values = _values(network, data)
    values["quantise"] = {"precision": "int8", **METHODS[method or DEFAULT_METHOD]}
    if network.half_size_epochs:
        trained = BUILD_FOLDER / f"{deployment(network)}_half" / "01_finetune" / "model.pdparams"
        values["model"]["weights"] = str(trained)
    return _write(values, deployment(network, method))


def deployment(network: Network, method: str | None = None) -> str:
    """The deployment's name, which is also its folder's below build/."""
    base = f"accuracy_{network.name}"
    return f"{base}_{method.lower().replace(', ', '_').replace(' ', '_')}" if method else base


def pages_folder(data: Path) -> Path:
    """Where the pages lie: in the data folder, or drawn below build/."""
    return data / PAGES if (data / PAGES).is_dir() else FOLDER / PAGES


def _half_size_config(network: Network, data: Path) -> Path:
    values = _values(network, data)
    values["model"]["image_size"] //= 2
    values["train"] |= {"epochs": network.half_size_epochs, "learning_rate": HALF_SIZE_LEARNING_RATE}
    return _write(values, f"{deployment(network)}_half")


def _values(network: Network, data: Path) -> dict[str, Any]:
    """The config's sections; those of the shipped config, except quantise, with the network's own values in them."""
    values = _shipped(network.shipped) if network.shipped else {}
    model, images = values.get("model", {}) | network.model, values.get("data", {}) | network.data
    if network.has_weights:
        model["weights"] = str(data / WEIGHTS / network.model["weights"])
    if "path" in images:
        images["path"] = str(pages_folder(data) if images["path"] == PAGES else data / images["path"])
    return {
        "model": model,
        "data": images,
        "train": values.get("train", {}) | network.train,
        "compile": {"target": network.target, "kernels": ["helium", "tvm"]},
    }


def _shipped(name: str) -> dict[str, Any]:
    path = CONFIG_FOLDER / f"{name}.yaml"
    if not path.is_file():
        raise UserError(f"{path}: no such config; the network to measure is defined by it")
    values: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return values


def _write(values: dict[str, Any], name: str) -> Path:
    path = FOLDER / "configs" / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(values, sort_keys=False), encoding="utf-8")
    return path
