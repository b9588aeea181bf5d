#!/usr/bin/env -S -u PYTHONHOME -u PYTHONPATH python3
"""Stage 2: export the trained network as a program and, for int8, calibrate it with PaddleSlim or train it on (QAT).

    ./02_quantize.py --config pplcnet_corstone310_int8

Reads build/NAME/01_finetune (weights). Writes build/NAME/02_quantize: model.pdmodel and model.pdiparams (the float
program), parameters.json (what the network calls its parameters), float_predictions.txt (the program's classes of the
validation images), metrics.json and, for int8, ranges.json (the range of every tensor), reference.npz and deployed.npz
(weights that quantisation changed). Calibration sees the calibration split only. fp32 and fp16 configs pass through. A
program that is another network than the trained one is an error.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from paddle_cortexm import cli
from paddle_cortexm.artefacts.quantisation import QuantisationMetrics
from paddle_cortexm.config import Config, load
from paddle_cortexm.stage import input_folder, run_stage


def quantise_into(config: Config, quiet: bool, folder: Path) -> None:
    """Fill the stage's folder."""
    from paddle_cortexm.quantisation.quantise import quantise

    quantise(config, input_folder(config, "01_finetune"), folder, quiet=quiet)


def figures(metrics: QuantisationMetrics) -> dict[str, str]:
    """The key figures for the closing summary."""
    lines = {"precision": metrics.precision}
    if metrics.floats:
        lines["float accuracy"] = f"{metrics.floats.headline} of {metrics.floats.images} validation images"
    if metrics.recipe and metrics.tensors:
        lines["calibration"] = f"{metrics.recipe.title}; {metrics.calibration_images} images"
        if (shift := metrics.batch_norm_shift) and shift.is_far:
            lines["calibration"] += f", not like the training images: {max(shift.first, shift.early):.2f} off"
        counts = metrics.tensors
        lines["ranges"] = (
            f"{counts.all} tensors, {counts.paddleslim} of them by PaddleSlim; with 16 bits: {counts.wide}"
        )
    if metrics.noise is not None:
        lines["noise at the logits"] = f"{metrics.noise:.1f} dB"
    return lines


def main() -> None:
    arguments = cli.parser(__doc__ or "").parse_args()
    config = load(arguments.config)
    folder, redone = run_stage(
        config, "02_quantize", partial(quantise_into, config, arguments.quiet), force=arguments.force
    )
    metrics = QuantisationMetrics.read(folder)
    cli.summary(folder, redone, figures(metrics), f"./03_compile_tvm.py --config {config.argument}")


if __name__ == "__main__":
    cli.run(main)
