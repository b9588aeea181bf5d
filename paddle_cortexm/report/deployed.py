"""What stage 3 says of the model it made, by running it: expected outputs and accuracy of the host build."""

from __future__ import annotations

import time
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.config import Config
from paddle_cortexm.data.datasets import validation_frames
from paddle_cortexm.errors import UserError
from paddle_cortexm.host.model import HostModel
from paddle_cortexm.progress import progress
from paddle_cortexm.report.accuracy import measure, most_confused, ranking
from paddle_cortexm.report.layer_report import worst_layers
from paddle_cortexm.report.plots import save_confusion
from paddle_cortexm.stage import FLOAT_PREDICTIONS, read_json, write_json


def write_expected(folder: Path, demo_frame: NDArray[np.uint8], labels: Sequence[str]) -> None:
    """expected.json: the host's output for the demo frame, which the target must reproduce."""
    output = HostModel(folder).run(demo_frame)
    top = ranking(output)[:5]
    write_json(
        folder / "expected.json",
        {
            "image": "demo_frame",
            "class": labels[top[0]],
            "top5": [labels[i] for i in top],
            "crc32": f"{zlib.crc32(output.tobytes()):08x}",
            "output": output.tobytes().hex(),
        },
    )


def write_metrics(folder: Path, config: Config, program: Path, labels: Sequence[str], *, quiet: bool) -> dict[str, Any]:
    """metrics.json and confusion.png: accuracy of the host build on the validation split (none where the data has no
    such split), and how often its class is the float model's. program: the stage 2 folder. Returns metrics.json."""
    frames = validation_frames(config)
    if not frames:
        metrics: dict[str, Any] = {"summary": "not measured: no validation images", "images": 0}
        write_json(folder / "metrics.json", metrics)
        return metrics
    model = HostModel(folder)
    labelled = progress(frames, "accuracy of the deployed C", quiet=quiet)
    started = time.monotonic()
    accuracy = measure(model.run, labelled, int(np.prod(model.facts["output"]["shape"])))
    print(f"host build: {accuracy.images / (time.monotonic() - started):.0f} images/s")
    before = read_json(program / "metrics.json")
    floats, estimate = before["float"], before.get("fake_quant_estimate")
    predicted = [int(line) for line in (program / FLOAT_PREDICTIONS).read_text().split()]
    same = np.mean([ours == theirs for ours, theirs in zip(accuracy.predictions, predicted, strict=True)])
    metrics = {
        "summary": f"{_shares(asdict(accuracy))} of {accuracy.images} validation images",
        "before": f"float {_shares(floats)}" + (f"; fake-quantised {_shares(estimate)}" if estimate else ""),
        "images": accuracy.images,
        "top1": accuracy.top1,
        "top5": accuracy.top5,
        "float": floats,
        "agreement": float(same),
        "confused": [asdict(pair) for pair in most_confused(accuracy.confusion, labels)],
        "confusion": accuracy.confusion.tolist(),
    }
    write_json(folder / "metrics.json", metrics)
    save_confusion(folder / "confusion.png", accuracy.confusion, labels)
    return metrics


def _shares(figures: Mapping[str, Any]) -> str:
    return f"top-1 {figures['top1']:.2%}, top-5 {figures['top5']:.2%}"


def check_accuracy(config: Config, folder: Path) -> None:
    """The gate: UserError where the model of a stage 3 folder lost more than quantise.max_accuracy_drop of the float
    accuracy, or where that cannot be known."""
    allowed = config.quantise.max_accuracy_drop
    if allowed is None:
        return
    metrics = read_json(folder / "metrics.json")
    if not metrics["images"]:
        raise UserError(
            "quantise.max_accuracy_drop cannot be checked without validation images. Add some, or remove the key."
        )
    drop = metrics["float"]["top1"] - metrics["top1"]
    if drop > allowed + 1e-9:  # accuracies are shares of whole images
        worst = worst_layers(folder) if config.quantise.precision == "int8" else ""
        raise UserError(
            f"the deployed model has {metrics['top1']:.2%}, the float model {metrics['float']['top1']:.2%}: a drop of "
            f"{drop:.2%}, more than quantise.max_accuracy_drop ({allowed:.2%}).\nThe worst layers:\n{worst}\n"
            f"Try quantise.method: auto, rounding: adaround, bias_correction: true, or method: qat; or leave the worst "
            f"layers in float32 with quantise.keep_float. "
            f"./03_compile_tvm.py --config {config.argument} --explain LAYER shows a layer's values. "
            f"{folder} was kept and can be inspected: layers.png, confusion.png."
        )
