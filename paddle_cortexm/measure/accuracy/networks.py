"""The networks that `make accuracy` measures, and what each of them takes from the data folder.

The data folder: imagenet_sample/ (train_list.txt for calibration, val_list.txt, labels.txt), flowers/ and cifar10/
(train/CLASS/*.jpg; val/ or test/CLASS/*.jpg), weights/ (the files named below). Pages are drawn where they are absent.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

WEIGHTS, PAGES = "weights", "pages"


@dataclass(frozen=True)
class Network:
    """A network with its data. title: in tables.

    shipped: the config it starts from, whose values stand unless they are given here; model, data, train: of the
    config's sections, data.path and a file in model.weights being names in the data folder; target: of the board.
    half_size_epochs: epochs at half the size before, at a quarter of the cost, from where the training starts.
    photos: how many run on the simulator. quick: needs nothing, and is measured only where it is asked for.
    """

    name: str
    title: str
    target: str
    shipped: str = ""
    model: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    train: dict[str, Any] = field(default_factory=dict)
    half_size_epochs: int = 0
    photos: int = 200
    quick: bool = False

    @property
    def is_trained(self) -> bool:
        """Whether it is trained here; otherwise its weights are measured as they are."""
        return self.train.get("epochs") != 0

    def needs(self, folder: Path) -> list[Path]:
        """What has to lie in the data folder; pages are drawn."""
        weights = [folder / WEIGHTS / self.model["weights"]] if self.has_weights else []
        images = [folder / self.data["path"]] if self.data.get("path", PAGES) != PAGES else []
        return [*images, *weights]

    @property
    def has_weights(self) -> bool:
        """Whether model.weights is a file."""
        return str(self.model.get("weights", "")).endswith(".pdparams")


CIFAR_RECIPE: dict[str, Any] = {
    "learning_rate": 0.002,
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
WHOLE_LIST: dict[str, Any] = {"validation_images": None}  # whatever the shipped config takes of it
CIFAR: dict[str, Any] = {"kind": "folder", "path": "cifar10", "calibration_images": 512}
DIGITS: dict[str, Any] = {"kind": "digits"}
PPLCNET, MOBILENETV2 = (
    {"backbone": backbone, "weights": "scratch", "image_size": 64} for backbone in ("PPLCNet_x0_5", "MobileNetV2_x0_5")
)
NETWORKS = (
    Network(
        "mobilenetv2_imagenet",
        "MobileNetV2 1.0/224, ImageNet sample",
        "corstone300",
        shipped="mobilenetv2_imagenet_corstone300_int8",
        model={"weights": "MobileNetV2_imagenet.pdparams"},
        data={"kind": "list", "path": "imagenet_sample", "calibration_images": 100, **WHOLE_LIST},
        train={"epochs": 0},
        photos=20,
    ),
    Network(
        "pplcnet_pages",
        "PPLCNet_x1_0/224, document orientation",
        "corstone310",
        shipped="pplcnet_imagenet_corstone310_int8",
        model={"weights": "PPLCNet_x1_0_document_orientation.pdparams", "classes": 4},
        data={"kind": "list", "path": PAGES, "calibration_images": 128, **WHOLE_LIST},
        train={"epochs": 0},
        photos=20,
    ),
    Network(
        "mobilenetv2_flowers",
        "MobileNetV2 1.0/224, flowers",
        "corstone300",
        shipped="flowers_corstone300_int8",
        model={"weights": "MobileNetV2_imagenet.pdparams"},
        data={"path": "flowers", **WHOLE_LIST},
        photos=20,
    ),
    Network(
        "pplcnet_cifar10",
        "PPLCNet_x0_5/64, CIFAR-10",
        "corstone310",
        model=PPLCNET,
        data=CIFAR,
        train={"epochs": 10, **CIFAR_RECIPE},
        half_size_epochs=12,
    ),
    Network(
        "mobilenetv2_cifar10",
        "MobileNetV2_x0_5/64, CIFAR-10",
        "corstone300",
        model=MOBILENETV2,
        data=CIFAR,
        train={"epochs": 5, **CIFAR_RECIPE},
        half_size_epochs=14,
    ),
    Network("pplcnet_digits", "PPLCNet_x0_5/64, digits", "corstone310", "", PPLCNET, DIGITS, DIGITS_RECIPE, quick=True),
    Network(
        "mobilenetv2_digits",
        "MobileNetV2_x0_5/64, digits",
        "corstone300",
        model=MOBILENETV2,
        data=DIGITS,
        train=DIGITS_RECIPE,
        quick=True,
    ),
)
