"""make accuracy: train, quantise by every method, measure the integer program, run it on the simulator.

    python -m paddle_cortexm.measure.accuracy PHOTOS [--methods "mse;QAT"] [--networks pplcnet] [--frames 200]

PHOTOS is a folder of train/CLASS/*.jpg and test/CLASS/*.jpg, or `digits` for the embedded data set. Finished stages are
not redone, so an interrupted run goes on where it was. Writes build/accuracy/results.json and, for photos, the tables
of docs/accuracy.md after every measurement; prints the tables at its end. A run with --methods or --networks keeps the
other rows.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from paddle_cortexm import cli
from paddle_cortexm.artefacts.deployed import DeployedMetrics
from paddle_cortexm.artefacts.quantisation import QuantisationMetrics
from paddle_cortexm.artefacts.run import Run
from paddle_cortexm.config import load
from paddle_cortexm.data.splits import open_splits
from paddle_cortexm.errors import UserError, nearest
from paddle_cortexm.json_files import read_json, write_json
from paddle_cortexm.measure.accuracy.experiments import (
    DIGITS,
    METHODS,
    NETWORKS,
    ON_TARGET,
    Network,
    deployment,
    training_configs,
    write_config,
)
from paddle_cortexm.measure.accuracy.tables import Row, tables, with_row
from paddle_cortexm.measure.common.document import fill
from paddle_cortexm.measure.common.scripts import run_script
from paddle_cortexm.paths import BUILD_FOLDER, REPOSITORY

FOLDER = BUILD_FOLDER / "accuracy"
RESULTS = FOLDER / "results.json"
DOCUMENT = REPOSITORY / "docs" / "accuracy.md"


def main() -> None:
    options = _arguments().parse_args()
    photos = options.photos if options.photos == DIGITS else str(Path(options.photos).resolve())
    methods = _chosen("--methods", options.methods, list(METHODS))
    networks = _chosen("--networks", options.networks, [network.name for network in NETWORKS])
    results: list[Row] = []
    for network in NETWORKS:
        if network.name in networks:
            for training in training_configs(network, photos):
                run_script("01_finetune.py", training)
            for method in methods:
                row = measured(network, photos, method, options.frames)
                results = with_row(known_results(), row)
                write(results, photos)
    print(tables(results))


def write(results: Sequence[Row], photos: str) -> None:
    """results.json and, unless the digits are measured, the tables of these photos in the document."""
    write_json(RESULTS, [row.model_dump() for row in results])
    if photos != DIGITS:
        shown = [row for row in results if row.photos == Path(photos).name]
        DOCUMENT.write_text(fill(DOCUMENT.read_text(encoding="utf-8"), {"results": tables(shown)}), encoding="utf-8")


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", help="a folder of photos, or digits")
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


def known_results() -> list[Row]:
    return [Row.model_validate(row) for row in read_json(RESULTS)] if RESULTS.is_file() else []


def measured(network: Network, photos: str, method: str, frames: int) -> Row:
    """One row of results.json: stages 2 and 3 for the method and, where it is asked for, the simulator."""
    config = write_config(network, photos, method)
    folder = BUILD_FOLDER / config.stem
    trained = BUILD_FOLDER / deployment(network, photos) / "01_finetune"
    shutil.rmtree(folder / "01_finetune", ignore_errors=True)
    shutil.copytree(trained, folder / "01_finetune")
    run_script("02_quantize.py", config)
    run_script("03_compile_tvm.py", config)
    quantised = QuantisationMetrics.read(folder / "02_quantize")
    deployed = DeployedMetrics.read(folder / "03_compile_tvm")
    floats, estimate = quantised.floats, quantised.fake_quant_estimate
    if floats is None or estimate is None or deployed.top1 is None:
        raise UserError(f"{photos}: no accuracy was measured; validation images are needed")
    row = Row(
        model=network.backbone,
        photos=Path(photos).name,
        method=method,
        images=deployed.images,
        float_top1=floats.top1,
        float_top5=floats.top5,
        fake_quant_top1=estimate.top1,
        fake_quant_by=estimate.by,
        integer_top1=deployed.top1,
        integer_top5=deployed.top5 or 0.0,
        agreement=deployed.agreement or 0.0,
    )
    if frames and method in ON_TARGET:
        run_script("04_build_app.sh", config)
        report = folder / "05_run_fvp" / Run.file
        report.unlink(missing_ok=True)  # so that a run that fails to start is not mistaken for an earlier one
        run_script("05_run_fvp.sh", config, "--images", str(frame_folder(config, frames)), report=report)
        run = Run.read(report.parent)
        row = row.model_copy(update={"target_frames": run.frames, "target_equal": run.frames_equal or 0})
    return row


def frame_folder(config: Path, count: int) -> Path:
    """`count` validation images, evenly spread, as CLASS/NNNN.png for the simulator."""
    splits = open_splits(load(str(config)))
    folder = FOLDER / "frames" / config.stem
    shutil.rmtree(folder, ignore_errors=True)
    total = len(splits.validation.targets)
    for number in range(min(count, total)):
        index = number * total // min(count, total)
        path = folder / splits.class_names[splits.validation.targets[index]] / f"{number:04d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(splits.validation.read(index)).save(path)
    return folder


if __name__ == "__main__":
    cli.run(main)
