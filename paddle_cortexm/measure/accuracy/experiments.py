"""What `make accuracy` trains and how it quantises: two models, every method, an ablation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from paddle_cortexm.paths import BUILD_FOLDER

CONFIG_FOLDER = BUILD_FOLDER / "accuracy" / "configs"
IMAGE_SIZE = 64
HALF_SIZE_LEARNING_RATE = 0.003
DIGITS = "digits"  # in place of a folder: the embedded data set, for a quick run


@dataclass(frozen=True)
class Network:
    """A backbone, trained from scratch at 64 x 64 pixels, and the board it is run on.

    half_size_epochs: epochs at 32 x 32 pixels before, at a quarter of the cost. `epochs` start from there.
    """

    name: str
    backbone: str
    target: str
    epochs: int
    learning_rate: float
    half_size_epochs: int = 0


NETWORKS = (
    Network("pplcnet", "PPLCNet_x0_5", "corstone310", epochs=10, learning_rate=0.002, half_size_epochs=12),
    Network("mobilenetv2", "MobileNetV2_x0_5", "corstone300", epochs=5, learning_rate=0.002, half_size_epochs=14),
)
METHODS: dict[str, dict[str, Any]] = {
    "abs_max": {"algorithm": "abs_max"},
    "avg": {"algorithm": "avg"},
    "hist": {"algorithm": "hist"},
    "mse": {"algorithm": "mse"},
    "emd": {"algorithm": "emd"},
    "snr": {"algorithm": "snr"},
    "snr, AdaRound, bias correction": {"algorithm": "snr", "rounding": "adaround", "bias_correction": True},
    "mse, symmetric": {"algorithm": "mse", "symmetric": True},
    "mse, bias correction": {"algorithm": "mse", "bias_correction": True},
    "mse, equalisation": {"algorithm": "mse", "equalisation": True},
    "mse, AdaRound": {"algorithm": "mse", "rounding": "adaround"},
    "mse, AdaRound, bias correction": {"algorithm": "mse", "rounding": "adaround", "bias_correction": True},
    "auto": {"method": "auto"},
    "QAT": {"method": "qat", "algorithm": "snr", "epochs": 2, "learning_rate": 0.0005},
    "KL": {"algorithm": "KL"},  # last: it takes minutes
}
ON_TARGET = ("snr", "auto", "QAT")  # methods whose program also runs on the simulator
PHOTO_RECIPE: dict[str, Any] = {
    "batch_size": 64,
    "optimiser": "adamw",
    "warmup_epochs": 0.3,
    "weight_decay": 0.05,
    "label_smoothing": 0,
    "crop_scale": [0.7, 1],
    "flip": True,
    "colour_jitter": 0,
    "frozen_epochs": 0,  # also from the half-size network's weights: all of it trains on, by the same recipe
    "backbone_rate": 1,
}
DIGITS_RECIPE: dict[str, Any] = {
    "epochs": 8,
    "batch_size": 32,
    "optimiser": "adamw",
    "learning_rate": 0.003,
    "label_smoothing": 0,
    "crop_scale": [1, 1],
    "colour_jitter": 0,
}


def training_configs(network: Network, photos: str) -> list[Path]:
    """The configs whose first stages train the network, in order; the last one's result is what methods start from."""
    configs = [] if photos == DIGITS or not network.half_size_epochs else [_half_size_config(network, photos)]
    return [*configs, write_config(network, photos)]


def write_config(network: Network, photos: str, method: str | None = None) -> Path:
    """The config of the training (method None) or of one method; its stem is the deployment's name."""
    values = _values(network, photos, METHODS[method or "mse"])
    if photos != DIGITS and network.half_size_epochs:
        weights = BUILD_FOLDER / f"{deployment(network, photos)}_half" / "01_finetune" / "model.pdparams"
        values["model"]["weights"] = str(weights)
    return _write(values, deployment(network, photos, method))


def deployment(network: Network, photos: str, method: str | None = None) -> str:
    """The deployment's name, which is also its folder's below build/."""
    base = f"accuracy_{network.name}{'_digits' if photos == DIGITS else ''}"
    return f"{base}_{method.lower().replace(', ', '_').replace(' ', '_')}" if method else base


def _half_size_config(network: Network, photos: str) -> Path:
    values = _values(network, photos, METHODS["mse"])
    values["model"]["image_size"] = IMAGE_SIZE // 2
    values["train"] |= {"epochs": network.half_size_epochs, "learning_rate": HALF_SIZE_LEARNING_RATE}
    return _write(values, f"{deployment(network, photos)}_half")


def _values(network: Network, photos: str, method: dict[str, Any]) -> dict[str, Any]:
    data: dict[str, Any] = {"kind": "folder", "path": photos, "calibration_images": 512}
    train = {"epochs": network.epochs, "learning_rate": network.learning_rate, **PHOTO_RECIPE}
    if photos == DIGITS:
        data, train = {"kind": "digits"}, DIGITS_RECIPE
    return {
        "model": {"backbone": network.backbone, "weights": "scratch", "image_size": IMAGE_SIZE},
        "data": data,
        "train": train,
        "quantise": {"precision": "int8", **method},
        "compile": {"target": network.target, "kernels": ["helium", "tvm"]},
    }


def _write(values: dict[str, Any], name: str) -> Path:
    CONFIG_FOLDER.mkdir(parents=True, exist_ok=True)
    path = CONFIG_FOLDER / f"{name}.yaml"
    path.write_text(yaml.safe_dump(values, sort_keys=False), encoding="utf-8")
    return path
