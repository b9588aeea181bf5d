#!/usr/bin/env -S -u PYTHONHOME -u PYTHONPATH python3
"""Stage 1: fine-tune a PaddleClas backbone, or take its weights (train.epochs: 0) or an exported program as they are.

    ./01_finetune.py --config pplcnet_corstone310_int8

Writes build/NAME/01_finetune: model.pdparams, labels.txt (a class a line), answers.json (what the outputs mean),
metrics.json, learning_curve.png and demo.png (a validation image for the later stages to classify). An interrupted run
goes on after its last whole epoch when it is started again. Where train.nodes is more than 1, start the same command on
every machine; the one that has the address train.master leads and writes. Of a program (model.program) it writes
model.pdmodel and model.pdiparams, as the compiler takes it, instead of model.pdparams.
"""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

from paddle_cortexm import cli
from paddle_cortexm.artefacts.training import TrainingMetrics
from paddle_cortexm.config import Config, load
from paddle_cortexm.stage import run_stage, stage_folder
from paddle_cortexm.training.distributed.nodes import Node, this_node

STAGE = "01_finetune"


def train_into(config: Config, node: Node | None, quiet: bool, folder: Path) -> None:
    """Fill the stage's folder, in one process or several. A network that cannot be compiled is not trained."""
    from paddle_cortexm.preflight import check_compilable
    from paddle_cortexm.training.distributed.group import Group
    from paddle_cortexm.training.distributed.launcher import launch
    from paddle_cortexm.training.finetune import finetune

    if config.model.program is not None:
        from paddle_cortexm.training.exported_program import take_program

        take_program(config, folder, quiet=quiet)
        return
    check_compilable(config)
    if node is None and config.train.processes == 1:
        finetune(config, folder, Group(), quiet=quiet)
    else:
        launch(config, folder, node, quiet=quiet)


def help_to_train(config: Config, node: Node, quiet: bool) -> None:
    """The part of a machine that does not lead: it writes nothing."""
    print(f"taking part in the training that {node.name} leads", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        train_into(config, node, quiet, Path(folder))
    print(f"done: the result is on {node.name}, in {stage_folder(config, STAGE)}")


def figures(metrics: TrainingMetrics) -> dict[str, str]:
    """The key figures for the closing summary."""
    measured = metrics.validation
    reason = "the data's classes are not the model's" if metrics.images["validation"] else "no image has a label"
    accuracy = f"not measured: {reason}"
    if measured:
        accuracy = f"{measured.headline} of {measured.images} validation images"
    return {
        "backbone": f"{metrics.backbone}, {metrics.parameters:,} parameters",
        "images": ", ".join(f"{count} {name}" for name, count in metrics.images.items()),
        "float accuracy": accuracy,
        "unreadable images": str(len(metrics.unreadable)),
    }


def main() -> None:
    arguments = cli.parser(__doc__ or "").parse_args()
    config = load(arguments.config)
    node = this_node(config.train)
    if node is not None and not node.leads:
        help_to_train(config, node, arguments.quiet)
        return
    work = partial(train_into, config, node, arguments.quiet)
    folder, redone = run_stage(config, STAGE, work, force=arguments.force)
    if redone:
        from paddle_cortexm.training.finetune import checkpoint_of

        checkpoint_of(config, folder).remove()
    metrics = TrainingMetrics.read(folder)
    cli.summary(folder, redone, figures(metrics), f"./02_quantize.py --config {config.argument}")


if __name__ == "__main__":
    cli.run(main)
