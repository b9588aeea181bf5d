"""Measuring one method on one network: stages 2 and 3 and, where it is asked for, the simulator."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from paddle_cortexm.artefacts.deployed import PREDICTIONS
from paddle_cortexm.artefacts.quantisation import read_predictions
from paddle_cortexm.artefacts.run import Run
from paddle_cortexm.config import load
from paddle_cortexm.data.splits import open_splits
from paddle_cortexm.errors import UserError
from paddle_cortexm.measure.accuracy.experiments import FOLDER, deployment, write_config
from paddle_cortexm.measure.accuracy.networks import Network
from paddle_cortexm.measure.accuracy.results import Row
from paddle_cortexm.measure.common.scripts import run_script
from paddle_cortexm.paths import BUILD_FOLDER
from paddle_cortexm.report.paired import Paired


def measured(network: Network, data: Path, method: str) -> Row:
    """Take the trained network through stages 2 and 3. data: the data folder."""
    config = write_config(network, data, method)
    folder = BUILD_FOLDER / config.stem
    shutil.rmtree(folder / "01_finetune", ignore_errors=True)
    shutil.copytree(BUILD_FOLDER / deployment(network) / "01_finetune", folder / "01_finetune")
    run_script("02_quantize.py", config)
    run_script("03_compile_tvm.py", config)
    floats, ours = read_predictions(folder / "02_quantize"), read_predictions(folder / "03_compile_tvm", PREDICTIONS)
    return Row.of(network.name, method, Paired.of(floats, ours, targets_of(config, floats)))


def targets_of(config: Path, answers: Sequence[int]) -> list[int]:
    """The class numbers of the validation images. Raises UserError when there are more or fewer than answers."""
    targets: list[int] = open_splits(load(str(config))).validation.targets.tolist()
    if len(targets) != len(answers):
        raise UserError(f"{config}: {len(answers)} of {len(targets)} validation images can be read: remove the others")
    return targets


def on_target(row: Row, network: Network, data: Path, photos: int) -> Row:
    """The row with the result of stages 4 and 5 for so many validation images."""
    config = write_config(network, data, row.method)
    run_script("04_build_app.sh", config)
    report = BUILD_FOLDER / config.stem / "05_run_fvp" / Run.file
    report.unlink(missing_ok=True)  # so that a run that fails to start is not mistaken for an earlier one
    run_script("05_run_fvp.sh", config, "--images", str(_frames(config, photos)), report=report)
    run = Run.read(report.parent)
    return row.model_copy(update={"target_frames": run.frames, "target_equal": run.frames_equal or 0})


def _frames(config: Path, count: int) -> Path:
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
