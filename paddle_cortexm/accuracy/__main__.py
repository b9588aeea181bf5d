"""make accuracy: train, quantise by every method, measure the integer program, run it on the simulator.

    python -m paddle_cortexm.accuracy PHOTOS [--epochs 24] [--methods mse,QAT] [--networks pplcnet] [--frames 200]

PHOTOS is a folder of train/CLASS/*.jpg and test/CLASS/*.jpg, or `digits` for the embedded data set. Finished stages are
not redone, so an interrupted run goes on where it was. Writes build/accuracy/results.json and build/accuracy/tables.md
after every measurement.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from paddle_cortexm import cli
from paddle_cortexm.accuracy.experiments import DIGITS, METHODS, NETWORKS, ON_TARGET, Network, deployment, write_config
from paddle_cortexm.accuracy.tables import tables
from paddle_cortexm.config import load
from paddle_cortexm.data.datasets import open_splits
from paddle_cortexm.errors import UserError, nearest
from paddle_cortexm.stage import BUILD_FOLDER, REPOSITORY, read_json, write_json

FOLDER = BUILD_FOLDER / "accuracy"


def main() -> None:
    options = _arguments().parse_args()
    photos = options.photos if options.photos == DIGITS else str(Path(options.photos).resolve())
    methods = _chosen("--methods", options.methods, list(METHODS))
    networks = _chosen("--networks", options.networks, [network.name for network in NETWORKS])
    epochs = options.epochs or (8 if photos == DIGITS else 24)
    results: list[dict[str, Any]] = []
    for network in NETWORKS:
        if network.name in networks:
            training = write_config(network, photos, epochs)
            run_stage("01_finetune.py", training)
            for method in methods:
                results.append(measured(network, photos, epochs, method, options.frames))
                write_json(FOLDER / "results.json", results)
                (FOLDER / "tables.md").write_text(tables(results), encoding="utf-8")
    print(tables(results))


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", help="a folder of photos, or digits")
    parser.add_argument("--epochs", type=int, help="of training (24; digits: 8)")
    parser.add_argument("--methods", help=f"of {'; '.join(METHODS)} (separated by ;), all without it")
    parser.add_argument("--networks", help="of pplcnet;mobilenetv2, both without it")
    parser.add_argument("--frames", type=int, default=200, help="photos run on the simulator; 0: none")
    return parser


def _chosen(option: str, given: str | None, known: Sequence[str]) -> list[str]:
    names = [name.strip() for name in given.split(";")] if given else list(known)
    for name in names:
        if name not in known:
            raise UserError(f"{option}: no '{name}'{nearest(name, known)}. There are: {'; '.join(known)}")
    return names


def measured(network: Network, photos: str, epochs: int, method: str, frames: int) -> dict[str, Any]:
    """One row of results.json: stages 2 and 3 for the method and, where it is asked for, the simulator."""
    config = write_config(network, photos, epochs, method)
    folder = BUILD_FOLDER / config.stem
    trained = BUILD_FOLDER / deployment(network, photos) / "01_finetune"
    shutil.rmtree(folder / "01_finetune", ignore_errors=True)
    shutil.copytree(trained, folder / "01_finetune")
    run_stage("02_quantize.py", config)
    run_stage("03_compile_tvm.py", config)
    quantised, deployed = (read_json(folder / stage / "metrics.json") for stage in ("02_quantize", "03_compile_tvm"))
    row = {
        "model": network.backbone,
        "method": method,
        "images": deployed["images"],
        "float_top1": quantised["float"]["top1"],
        "float_top5": quantised["float"]["top5"],
        "fake_quant_top1": quantised["fake_quant_estimate"]["top1"],
        "integer_top1": deployed["top1"],
        "integer_top5": deployed["top5"],
        "agreement": deployed["agreement"],
        "target_frames": 0,
        "target_equal": 0,
    }
    if frames and method in ON_TARGET:
        run_stage("04_build_app.sh", config)
        run_stage("05_run_fvp.sh", config, "--images", str(frame_folder(config, frames)), may_fail=True)
        run = read_json(folder / "05_run_fvp" / "run.json")
        row |= {"target_frames": run.get("frames", 0), "target_equal": run.get("frames_equal", 0)}
    return row


def frame_folder(config: Path, count: int) -> Path:
    """The first `count` validation images, evenly over the classes, as PNG files for the simulator."""
    splits = open_splits(load(str(config)))
    folder = FOLDER / f"frames_{config.stem.split('_')[2] if 'digits' in config.stem else 'photos'}_{count}"
    if not folder.is_dir():
        folder.mkdir(parents=True)
        total = len(splits.validation.targets)
        for number in range(min(count, total)):
            index = number * total // min(count, total)
            Image.fromarray(splits.validation.read(index)).save(folder / f"{number:04d}.png")
    return folder


def run_stage(script: str, config: Path, *options: str, may_fail: bool = False) -> None:
    """Run a stage's script; its output is shown. Raises UserError when it fails, unless a report is wanted anyway."""
    quiet = ["--quiet"]
    first = [str(REPOSITORY / script)] if script.endswith(".sh") else [sys.executable, str(REPOSITORY / script)]
    done = subprocess.run([*first, "--config", str(config), *quiet, *options], env=os.environ)
    if done.returncode and not may_fail:
        raise UserError(f"{script} --config {config} failed (status {done.returncode}); it said why above")


if __name__ == "__main__":
    cli.run(main)
