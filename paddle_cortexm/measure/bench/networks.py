"""The networks that are measured, and running the line for one of them: `deploy(Variant(NETWORKS[0], "int8"))`.

The numbered scripts themselves are run, with a config written to build/bench/configs/. Weights are random: speed and
size do not depend on them. Stages 1 and 2 are run once a network and precision and copied to its other variants.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import yaml

from paddle_cortexm.measure.common.plain_int8 import PLAIN_INT8
from paddle_cortexm.measure.common.scripts import run_script
from paddle_cortexm.paths import BUILD_FOLDER
from paddle_cortexm.stage import STAGES

BENCH_FOLDER = BUILD_FOLDER / "bench"
PREPARING, DEPLOYING = ("01_finetune", "02_quantize"), ("03_compile_tvm", "04_build_app", "05_run_fvp")


@dataclass(frozen=True)
class Network:
    """A PaddleClas backbone at a square input of image_size pixels, with 1000 classes."""

    backbone: str
    image_size: int

    @property
    def title(self) -> str:
        """MobileNetV2/224"""
        return f"{self.backbone}/{self.image_size}"


NETWORKS = (
    Network("MobileNetV2", 224),
    Network("MobileNetV2_x0_25", 96),
    Network("PPLCNet_x1_0", 224),
    Network("PPLCNet_x0_25", 96),
)


@dataclass(frozen=True)
class Variant:
    """One deployment of a network; the fields are a config's values."""

    network: Network
    precision: str
    kernels: tuple[str, ...] = ("helium", "tvm")
    target: str = "corstone300"
    arena: str = "none"

    @property
    def source(self) -> str:
        """What the variants with the same outputs of stages 1 and 2 share: mobilenetv2_224_int8."""
        return f"{self.network.backbone}_{self.network.image_size}_{self.precision}".lower()

    @property
    def kernels_title(self) -> str:
        """helium, tvm"""
        return ", ".join(self.kernels)

    @property
    def name(self) -> str:
        """The config's name: mobilenetv2_224_int8_helium-tvm_corstone300_none."""
        return "_".join([self.source, "-".join(self.kernels), self.target, self.arena])


def deploy(variant: Variant) -> Path:
    """Run what is not up to date of the five stages; returns the folder of the stages' folders, build/bench/NAME.

    Raises ScriptFailed.
    """
    first = Variant(variant.network, variant.precision)
    source = write_config(first, f"bench/source/{variant.source}")
    for name in PREPARING:
        run_script(STAGES[name].script, source, shown=False)
    path = write_config(variant, f"bench/{variant.name}")
    folder = BENCH_FOLDER / variant.name
    for name in PREPARING:
        shutil.rmtree(folder / name, ignore_errors=True)
        shutil.copytree(BENCH_FOLDER / "source" / variant.source / name, folder / name)
    for name in DEPLOYING:
        run_script(STAGES[name].script, path, shown=False)
    return folder


def write_config(variant: Variant, name: str) -> Path:
    """The variant as a config file; `name` is also the path of its folder below build/."""
    values = {
        "name": name,
        "model": {
            "backbone": variant.network.backbone,
            "weights": "random",
            "image_size": variant.network.image_size,
            "classes": 1000,
        },
        "data": {"kind": "digits", "validation_images": 1, "calibration_images": 16},
        "train": {"epochs": 0},
        "quantise": {"precision": variant.precision, **PLAIN_INT8},
        "compile": {
            "target": variant.target,
            "kernels": list(variant.kernels),
            "memory": {"arena": variant.arena},
        },
    }
    path = BENCH_FOLDER / "configs" / f"{name.replace('/', '-')}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(values, sort_keys=False), encoding="utf-8")
    return path
