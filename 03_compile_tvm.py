#!/usr/bin/env -S -u PYTHONHOME -u PYTHONPATH python3
"""Stage 3: compile the Paddle program to C with TVM.

    ./03_compile_tvm.py --config pplcnet_corstone310_int8
    ./03_compile_tvm.py --config ... --kernels cmsis-nn,helium,tvm      instead of the config's compile.kernels
    ./03_compile_tvm.py --config ... --explain-memory      which tensors make the arena as large as it is
    ./03_compile_tvm.py --config ... --explain LAYER      ranges and histograms of a layer's values (int8)

Reads build/NAME/02_quantize (program, ranges) and build/NAME/01_finetune (labels, demo image). Writes
build/NAME/03_compile_tvm: model.c and its weights, model.json (each layer's kernel and why, tensors, the arena),
memory.png (the arena), labels.txt, demo.png and expected.json (what the host build answers for it), metrics.json,
predictions.txt and confusion.png (accuracy on the validation split; without the picture where several labels may hold)
and, for int8, layers.json and layers.png (each
layer's noise against float).
"""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

from paddle_cortexm import cli
from paddle_cortexm.accuracy_gate import check_accuracy
from paddle_cortexm.artefacts.answers import Answers
from paddle_cortexm.artefacts.deployed import DEMO_IMAGE, DeployedMetrics
from paddle_cortexm.artefacts.model import Model
from paddle_cortexm.artefacts.slow_path import planned_slow_path
from paddle_cortexm.artefacts.training import LABELS, read_labels
from paddle_cortexm.boards import target_named
from paddle_cortexm.config import Config, load, overridden
from paddle_cortexm.errors import ArenaTooSmall
from paddle_cortexm.report.memory_explanation import explanation
from paddle_cortexm.stage import input_folder, run_stage


def compile_into(config: Config, quiet: bool, folder: Path) -> None:
    """Fill the stage's folder."""
    from paddle_cortexm.compiler.kernels.plan import plan_table
    from paddle_cortexm.compiler.pipeline import compile_model, write_model
    from paddle_cortexm.report.deployed import write_expected, write_metrics
    from paddle_cortexm.report.layer_report import write_layer_report
    from paddle_cortexm.report.memory_timeline import save_memory_timeline
    from paddle_cortexm.simulator.frames import read_image

    training, program = input_folder(config, "01_finetune"), input_folder(config, "02_quantize")
    labels, answers = read_labels(training), Answers.read(training)
    for name in (LABELS, DEMO_IMAGE):  # for the stages after this one, which read no earlier folder
        shutil.copy(training / name, folder)
    demo = read_image(folder / DEMO_IMAGE)
    model = write_model(folder, config, compile_model(config, program), labels, demo, answers)
    save_memory_timeline(folder / "memory.png", model.name, model.memory, model.regions["arena"])
    print(plan_table(model.layers, cli.line_width()))
    write_expected(folder, demo, labels, answers)
    write_metrics(folder, config, program, labels, answers, quiet=quiet)
    if config.quantise.precision == "int8":
        report = write_layer_report(folder, config, program, quiet=quiet)
        sample = f"{report.images} of {report.available} calibration images"
        print(f"the worst layers, integer against float, on {sample}:\n{report.worst_text()}")


def figures(model: Model, metrics: DeployedMetrics, target: str) -> dict[str, object]:
    """The key figures for the closing summary."""
    memory = model.memory
    lines: dict[str, object] = {
        "layers": len(model.layers),
        "MACs": f"{model.macs:,}",
        "weights": f"{model.weight_bytes:,} bytes",
        "arena": f"{memory.arena_bytes:,} bytes (lower bound {memory.lower_bound:,})",
        "memories": target_named(target).described(model.regions),
        "accuracy of the deployed C": metrics.summary,
    }
    slow = planned_slow_path(model.layers)
    if slow.layers:
        lines["left to tvm's C"] = slow.summary
    if memory.segments:
        lines["streamed"] = f"{memory.streamed_layers} layers in {len(memory.segments)} runs"
    if metrics.images:
        same = "same labels as float" if metrics.labels else "same class as float"
        lines |= {"accuracy before": metrics.before, same: f"{metrics.agreement:.2%}"}
    if metrics.confused:
        lines["confused most"] = "; ".join(
            f"{pair.true} taken for {pair.predicted}, {pair.images} images" for pair in metrics.confused[:3]
        )
    return lines


def main() -> None:
    parser = cli.parser(__doc__ or "")
    parser.add_argument("--kernels", help="kernel backends in order of preference: cmsis-nn,helium,tvm, or fastest")
    parser.add_argument("--explain-memory", action="store_true", help="print what sets the size of the arena")
    parser.add_argument("--explain", metavar="LAYER", help="print ranges and histograms of a layer (int8)")
    arguments = parser.parse_args()
    config = load(arguments.config)
    overrides = {"compile.kernels": arguments.kernels.split(",")} if arguments.kernels else {}
    asked = overridden(config, overrides)
    work = partial(compile_into, asked, arguments.quiet)
    try:
        folder, redone = run_stage(config, "03_compile_tvm", work, force=arguments.force, overrides=overrides)
    except ArenaTooSmall:
        if arguments.explain_memory:
            from paddle_cortexm.compiler.pipeline import smallest_memory

            print(explanation(smallest_memory(asked, input_folder(config, "02_quantize"))))
        raise
    model, metrics = Model.read(folder), DeployedMetrics.read(folder)
    if arguments.explain is not None:
        from paddle_cortexm.report.layer_explanation import explain_layer

        program = input_folder(config, "02_quantize")
        print(explain_layer(config, program, folder, arguments.explain, quiet=arguments.quiet))
    if arguments.explain_memory:
        print(explanation(model.memory, model.regions["arena"]))
    check_accuracy(config, folder)
    summary = figures(model, metrics, config.compile.target)
    cli.summary(folder, redone, summary, f"./04_build_app.sh --config {config.argument}")


if __name__ == "__main__":
    cli.run(main)
