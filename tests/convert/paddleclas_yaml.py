"""A small training YAML as PaddleClas writes them, and changes to it."""

from __future__ import annotations

import copy
from typing import Any

NORMALISE = {"NormalizeImage": {"scale": "1.0/255.0", "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}}
DECODE = {"DecodeImage": {"to_rgb": True, "channel_first": False}}


def dataset(name: str, *operators: dict[str, Any]) -> dict[str, Any]:
    return {
        "dataset": {
            "name": "ImageNetDataset",
            "image_root": "./birds/",
            "cls_label_path": f"./birds/{name}_list.txt",
            "transform_ops": [DECODE, *operators, NORMALISE],
        },
        "sampler": {"name": "DistributedBatchSampler", "batch_size": 32, "drop_last": False, "shuffle": True},
        "loader": {"num_workers": 4},
    }


BIRDS: dict[str, Any] = {
    "Global": {"epochs": 20, "image_shape": [3, 128, 128], "device": "gpu", "output_dir": "./output/"},
    "Arch": {"name": "PPLCNet_x0_5", "class_num": 7, "pretrained": True},
    "Loss": {"Train": [{"CELoss": {"weight": 1.0, "epsilon": 0.1}}], "Eval": [{"CELoss": {"weight": 1.0}}]},
    "Optimizer": {
        "name": "Momentum",
        "momentum": 0.9,
        "lr": {"name": "Cosine", "learning_rate": 0.04, "warmup_epoch": 3},
        "regularizer": {"name": "L2", "coeff": "3e-5"},
    },
    "DataLoader": {
        "Train": dataset("train", {"RandCropImage": {"size": 128}}, {"RandFlipImage": {"flip_code": 1}}),
        "Eval": dataset("val", {"ResizeImage": {"resize_short": 146}}, {"CropImage": {"size": 128}}),
    },
    "Infer": {"infer_imgs": "bird.jpg", "PostProcess": {"name": "Topk", "topk": 5}},
    "Metric": {"Train": [{"TopkAcc": {"topk": [1, 5]}}]},
}


def birds(path: str = "", value: Any = None) -> dict[str, Any]:
    """The YAML, with another value at a path of keys and dots."""
    values = copy.deepcopy(BIRDS)
    if path:
        *way, last = path.split(".")
        section = values
        for key in way:
            section = section.setdefault(key, {})
        section[last] = value
    return values


def birds_varied_by(*operators: dict[str, Any]) -> dict[str, Any]:
    """The YAML with more operators on training images."""
    values = birds()
    values["DataLoader"]["Train"]["dataset"]["transform_ops"] += operators
    return values
