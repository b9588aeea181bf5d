"""One network of the zoo through the numbered scripts, and what its run on QEMU counted."""

from __future__ import annotations

from pathlib import Path

import yaml

from paddle_cortexm.artefacts.model import Model
from paddle_cortexm.artefacts.run import Run
from paddle_cortexm.measure.common.plain_int8 import PLAIN_INT8
from paddle_cortexm.measure.common.scripts import ScriptFailed, run_script
from paddle_cortexm.measure.zoo.figures import ZOO_FOLDER, Figures
from paddle_cortexm.measure.zoo.import_error import import_error
from paddle_cortexm.measure.zoo.networks import ZooNetwork
from paddle_cortexm.measure.zoo.photos import write_photos
from paddle_cortexm.measure.zoo.weights import write_weights
from paddle_cortexm.stage import STAGES

CLASSES = 1000


def deploy(network: ZooNetwork) -> Figures:
    """Run all five stages of what is not up to date. What fails is told in `problem`."""
    name, size = network.backbone, network.image_size
    path = ZOO_FOLDER / "weights" / f"{name}.pdparams"
    try:
        weights = write_weights(name, CLASSES, size, path)
        config = _write_config(network, path, write_photos(ZOO_FOLDER / "photos", size))
        for stage in STAGES.values():
            run_script(stage.script, config, shown=False)
    except ScriptFailed as failure:
        return Figures(name, size, problem=failure.last_line)
    folder = ZOO_FOLDER / name
    run, model = Run.read(folder / "05_run_fvp"), Model.read(folder / "03_compile_tvm")
    assert run.instructions and run.instructions.model is not None, "QEMU counts instructions"
    slow = run.instructions.slow_path
    return Figures(
        network=name,
        image_size=size,
        passed=run.verdict == "PASS",
        import_error=import_error(folder / "02_quantize"),
        weights=weights,
        macs=model.macs,
        instructions=run.instructions.model,
        arena_bytes=model.memory.layer_by_layer.arena_bytes,
        streamed_bytes=model.memory.smallest_bound,
        generated=slow.share if slow else None,
        problem=run.problem,
    )


def _write_config(network: ZooNetwork, weights: Path, photos: Path) -> Path:
    """The network's config: int8 by plain rounding and the full range, which is quick; nothing is trained."""
    values = {
        "name": f"zoo/{network.backbone}",
        "model": {
            "backbone": network.backbone,
            "weights": str(weights),
            "image_size": network.image_size,
            "classes": CLASSES,
        },
        "data": {"kind": "digits", "validation_images": 1, "calibration": str(photos)},
        "train": {"epochs": 0},
        "quantise": PLAIN_INT8,
    }
    path = ZOO_FOLDER / "configs" / f"{network.backbone}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(values, sort_keys=False), encoding="utf-8")
    return path
