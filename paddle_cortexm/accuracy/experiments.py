"""What `make accuracy` trains and how it quantises: two models, every method, an ablation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

CONFIG_FOLDER = Path("build/accuracy/configs")
DIGITS = "digits"  # in place of a folder: the embedded data set, for a quick run


@dataclass(frozen=True)
class Network:
    """A backbone, trained from scratch at 64 x 64 pixels, and the board it is run on."""

    name: str
    backbone: str
    target: str


NETWORKS = (
    Network("pplcnet", "PPLCNet_x0_25", "corstone310"),
    Network("mobilenetv2", "MobileNetV2_x0_25", "corstone300"),
)
METHODS: dict[str, dict[str, Any]] = {
    "abs_max": {"algorithm": "abs_max"},
    "avg": {"algorithm": "avg"},
    "hist": {"algorithm": "hist"},
    "mse": {"algorithm": "mse"},
    "emd": {"algorithm": "emd"},
    "mse, symmetric": {"algorithm": "mse", "symmetric": True},
    "mse, bias correction": {"algorithm": "mse", "bias_correction": True},
    "mse, equalisation": {"algorithm": "mse", "equalisation": True},
    "mse, AdaRound": {"algorithm": "mse", "rounding": "adaround"},
    "mse, AdaRound, bias correction": {"algorithm": "mse", "rounding": "adaround", "bias_correction": True},
    "auto": {"method": "auto"},
    "QAT": {"method": "qat", "algorithm": "mse", "epochs": 2, "learning_rate": 0.0005},
    "KL": {"algorithm": "KL"},  # last: it takes minutes
}
ON_TARGET = ("mse", "auto", "QAT")  # methods whose program also runs on the simulator
PHOTO_RECIPE: dict[str, Any] = {
    "batch_size": 64,
    "optimiser": "adamw",
    "learning_rate": 0.004,
    "warmup_epochs": 0.3,
    "weight_decay": 0.01,
    "label_smoothing": 0,
    "crop_scale": [0.7, 1],
    "flip": True,
    "colour_jitter": 0,
}
DIGITS_RECIPE: dict[str, Any] = {
    "batch_size": 32,
    "optimiser": "adamw",
    "learning_rate": 0.003,
    "label_smoothing": 0,
    "crop_scale": [1, 1],
    "colour_jitter": 0,
}


def write_config(network: Network, photos: str, epochs: int, method: str | None = None) -> Path:
    """The config of a training (method None) or of one method; its stem is the deployment's name."""
    data: dict[str, Any] = {"kind": "folder", "path": photos, "calibration_images": 512}
    train = PHOTO_RECIPE
    if photos == DIGITS:
        data, train = {"kind": "digits"}, DIGITS_RECIPE
    values = {
        "model": {"backbone": network.backbone, "weights": "scratch", "image_size": 64},
        "data": data,
        "train": {"epochs": epochs, **train},
        "quantise": {"precision": "int8", **METHODS[method or "mse"]},
        "compile": {"target": network.target, "kernels": ["helium", "tvm"]},
    }
    CONFIG_FOLDER.mkdir(parents=True, exist_ok=True)
    path = CONFIG_FOLDER / f"{deployment(network, photos, method)}.yaml"
    path.write_text(yaml.safe_dump(values, sort_keys=False), encoding="utf-8")
    return path


def deployment(network: Network, photos: str, method: str | None = None) -> str:
    """The deployment's name, which is also its folder's below build/."""
    base = f"accuracy_{network.name}{'_digits' if photos == DIGITS else ''}"
    return f"{base}_{method.lower().replace(', ', '_').replace(' ', '_')}" if method else base
