"""quantise.max_accuracy_drop: a model that lost more accuracy than the config allows is not built."""

from __future__ import annotations

from pathlib import Path

from paddle_cortexm.artefacts.deployed import DeployedMetrics
from paddle_cortexm.artefacts.layers import LayersReport
from paddle_cortexm.config import Config
from paddle_cortexm.errors import UserError


def check_accuracy(config: Config, folder: Path) -> None:
    """The gate: UserError where the model of a stage 3 folder lost more than quantise.max_accuracy_drop of the float
    accuracy that stage 1 measured, or where that cannot be known."""
    allowed = config.quantise.max_accuracy_drop
    if allowed is None:
        return
    metrics = DeployedMetrics.read(folder)
    deployed, trained = metrics.scores, metrics.trained
    if deployed is None or trained is None:
        raise UserError(
            f"quantise.max_accuracy_drop cannot be checked. Accuracy was {metrics.summary}, or remove the key."
        )
    drop = trained.merit - deployed.merit
    if drop > allowed + 1e-9:  # accuracies are shares of whole images
        worst = LayersReport.read(folder).worst_text() if config.quantise.precision == "int8" else ""
        raise UserError(
            f"the deployed model has {deployed.headline}, the float model {trained.headline}: a drop of "
            f"{drop:.2%}, more than quantise.max_accuracy_drop ({allowed:.2%}).\nThe worst layers:\n{worst}\n"
            f"Try quantise.method: auto, bias_correction: true, or method: qat; or leave the worst "
            f"layers in float32 with quantise.keep_float. "
            f"./03_compile_tvm.py --config {config.argument} --explain LAYER shows a layer's values. "
            f"{folder} was kept and can be inspected: layers.png, "
            f"{'confusion.png' if metrics.confusion else metrics.file}."
        )
