#!/usr/bin/env python3
"""Stage 3: compile the Paddle program to C with TVM.

    ./03_compile_tvm.py --config pplcnet_corstone310_int8
    ./03_compile_tvm.py --config ... --kernels cmsis-nn,helium,tvm      instead of the config's compile.kernels
    ./03_compile_tvm.py --config ... --explain-memory      which tensors make the arena as large as it is

Reads build/NAME/02_quantize (program, ranges) and build/NAME/01_finetune (labels). Writes build/NAME/03_compile_tvm:
model.c and its weights, plan.json (each layer's kernel and why), memory.json and memory.png (the arena), expected.json
(what the host build answers for the demo image), metrics.json and confusion.png (accuracy on the validation
split) and, for int8, layers.json and layers.png (each layer's noise against float).
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from paddle_cortexm import cli
from paddle_cortexm.config import Config, load, overridden
from paddle_cortexm.stage import input_folder, read_json, run_stage


def compile_into(config: Config, quiet: bool, folder: Path) -> None:
    """Fill the stage's folder."""
    from paddle_cortexm.compiler.kernels.plan import plan_table
    from paddle_cortexm.compiler.pipeline import compile_model, write_model
    from paddle_cortexm.report.deployed import write_expected, write_metrics
    from paddle_cortexm.report.layer_report import worst_layers, write_layer_report
    from paddle_cortexm.simulator.frames import read_image

    training = input_folder(config, "01_finetune")
    labels = (training / "labels.txt").read_text(encoding="utf-8").splitlines()
    program = input_folder(config, "02_quantize")
    model = compile_model(config, program)
    demo = read_image(training / "demo.png")
    write_model(folder, config, model, labels, demo)
    print(plan_table(model.layers, cli.line_width()))
    write_expected(folder, demo, labels)
    write_metrics(folder, config, program, labels, quiet=quiet)
    if config.quantise.precision == "int8":
        write_layer_report(folder, config, program, quiet=quiet)
        print(f"the worst layers, integer against float:\n{worst_layers(folder)}")


def main() -> None:
    from paddle_cortexm.boards import target_named
    from paddle_cortexm.compiler.arena.choice import ArenaTooSmall
    from paddle_cortexm.compiler.arena.report import explanation
    from paddle_cortexm.compiler.pipeline import explain_smallest
    from paddle_cortexm.report.deployed import check_accuracy

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
            print(explain_smallest(asked, input_folder(config, "02_quantize")))
        raise
    plan, metrics = read_json(folder / "plan.json")["totals"], read_json(folder / "metrics.json")
    memory = read_json(folder / "memory.json")
    figures = {
        "layers": plan["layers"],
        "MACs": f"{plan['macs']:,}",
        "weights": f"{plan['weight_bytes']:,} bytes",
        "arena": f"{plan['arena_bytes']:,} bytes (lower bound {plan['arena_lower_bound']:,})",
        "memories": target_named(config.compile.target).described(read_json(folder / "regions.json")),
        "accuracy of the deployed C": metrics["summary"],
    }
    if memory["segments"]:
        figures["streamed"] = f"{sum(x['streamed'] for x in memory['layers'])} layers in {len(memory['segments'])} runs"
    if metrics["images"]:
        figures |= {"accuracy before": metrics["before"], "same class as float": f"{metrics['agreement']:.2%}"}
    if confused := metrics.get("confused"):
        figures["confused most"] = "; ".join(
            f"{pair['true']} taken for {pair['predicted']}, {pair['images']} images" for pair in confused[:3]
        )
    if arguments.explain is not None:
        from paddle_cortexm.report.layer_explanation import explain_layer

        program = input_folder(config, "02_quantize")
        print(explain_layer(config, program, folder, arguments.explain, quiet=arguments.quiet))
    if arguments.explain_memory:
        print(explanation(memory))
    check_accuracy(config, folder)
    cli.summary(folder, redone, figures, f"./04_build_app.sh --config {config.argument}")


if __name__ == "__main__":
    cli.run(main)
