"""A deployment made up for a measurement, taken through the five scripts like any other.

Its config is written to build/NAME/NAME.yaml, so that a single stage can be run again by hand:
`./05_run_fvp.sh --config build/NAME/NAME.yaml`.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from paddle_cortexm.config import Config, load
from paddle_cortexm.stage import REPOSITORY, STAGES, read_json, stage_folder

BUILD_FOLDER = Path("build")
BEFORE_COMPILING = ("01_finetune", "02_quantize")


def random_network(backbone: str, image_size: int) -> dict[str, Any]:
    """Config sections of a network of 1000 classes with random weights: enough for sizes, instructions and bits."""
    return {
        "model": {"backbone": backbone, "weights": "random", "image_size": image_size, "classes": 1000},
        "data": {"kind": "digits", "calibration_images": 16, "validation_images": 1},
        "train": {"epochs": 0},
        "quantise": {"precision": "int8", "algorithm": "abs_max"},
    }


def write_config(name: str, sections: dict[str, Any]) -> Path:
    """Write build/NAME/NAME.yaml and check it. Raises UserError as config.load does."""
    path = BUILD_FOLDER / name / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(sections, sort_keys=False), encoding="utf-8")
    load(str(path))
    return path


def run_line(config: Path, *, weights_of: Path | None = None) -> dict[str, Any]:
    """Run all stages that are not up to date, and return run.json, whatever its verdict.

    weights_of: another config with the same model, data and quantisation, whose first two stages are copied. What the
    scripts print goes to build/NAME/line.log. Raises RuntimeError when a script fails.
    """
    settings = load(str(config))
    if weights_of is not None:
        _copy_weights(load(str(weights_of)), settings)
    with (config.parent / "line.log").open("w", encoding="utf-8") as log:
        for name, spec in STAGES.items():
            interpreter = [sys.executable] if spec.script.endswith(".py") else []
            command = [*interpreter, str(REPOSITORY / spec.script), "--config", str(config), "--quiet"]
            status = subprocess.run(command, stdout=log, stderr=subprocess.STDOUT).returncode
            if status != 0 and not (name == "05_run_fvp" and status == 1):  # 1: it ran, and the verdict is FAIL
                raise RuntimeError(f"{' '.join(command)} failed with status {status}; see {log.name}")
    report: dict[str, Any] = read_json(stage_folder(settings, "05_run_fvp") / "run.json")
    return report


def _copy_weights(source: Config, settings: Config) -> None:
    """Take over the stages in which the two deployments do not differ."""
    for stage in BEFORE_COMPILING:
        folder = stage_folder(settings, stage)
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(stage_folder(source, stage), folder)
