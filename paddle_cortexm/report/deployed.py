"""What stage 3 says of the model it made, by running it: expected outputs and accuracy of the host build."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.config import Config
from paddle_cortexm.data.datasets import validation_frames
from paddle_cortexm.progress import progress
from paddle_cortexm.report.accuracy import measure, ranking
from paddle_cortexm.simulate import HostModel
from paddle_cortexm.stage import write_json


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


def write_metrics(folder: Path, config: Config, *, quiet: bool) -> None:
    """metrics.json: accuracy of the host build on the validation split (none where the data has no such split)."""
    frames = validation_frames(config)
    if not frames:
        write_json(folder / "metrics.json", {"summary": "not measured: no validation images", "images": 0})
        return
    model = HostModel(folder)
    labelled = progress(frames, "accuracy of the deployed C", quiet=quiet)
    accuracy = measure(model.run, labelled, int(np.prod(model.facts["output"]["shape"])))
    write_json(
        folder / "metrics.json",
        {
            "summary": f"{accuracy.top1:.2%} of {accuracy.images} validation images",
            "images": accuracy.images,
            "top1": accuracy.top1,
            "top5": accuracy.top5,
            "confusion": accuracy.confusion.tolist(),
        },
    )
