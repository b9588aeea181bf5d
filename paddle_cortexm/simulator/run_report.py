"""run.json and what is printed of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paddle_cortexm import stage
from paddle_cortexm.config import Config
from paddle_cortexm.firmware import size_report
from paddle_cortexm.simulator import transcript
from paddle_cortexm.simulator.simulators import Simulator
from paddle_cortexm.simulator.transcript import FrameResult, Transcript
from paddle_cortexm.simulator.verdict import Comparison

QEMU_COUNTER = "system counter"  # app/firmware/instruction_counter.c: scaled to instructions by QEMU's -icount
LISTED = 10  # frames that differ, named in run.json


@dataclass(frozen=True)
class FrameVerdict:
    """One frame: its image (None: the one linked in), what the target said, how that compares with the host."""

    image: Path | None
    result: FrameResult
    comparison: Comparison


def build(
    settings: Config, simulator: Simulator, program: Path, first: Transcript, verdicts: list[FrameVerdict]
) -> dict[str, Any]:
    """The content of run.json. Instructions, top 5 and layers are those of the first frame; bytes of the program.

    program: the stage 4 folder; first: the transcript that holds the first frame.
    """
    failed = [verdict for verdict in verdicts if not verdict.comparison.passed]
    result = verdicts[0].result
    differences = [verdict.comparison.largest_difference for verdict in verdicts]
    return {
        **_what_ran(settings, simulator),
        "verdict": "FAIL" if failed else "PASS",
        "frames": len(verdicts),
        "frames_equal": len(verdicts) - len(failed),
        "largest_difference": max(differences) if max(differences) < float("inf") else None,
        "failures": [{"image": _name(v.image), "reason": v.comparison.reason} for v in failed[:LISTED]],
        "image": _name(verdicts[0].image),
        "top5": [{"class": number, "label": label, "score": score} for number, score, label in first.top],
        "instructions": _instructions(simulator, first, result),
        "output_crc32": f"{result.crc32:08x}",
        **_bytes(program, first),
        "accuracy": accuracy(settings, verdicts),
    }


def broken_off(settings: Config, simulator: Simulator, program: Path, problem: str, output: str) -> dict[str, Any]:
    """run.json of a run without results: the program faulted, or the simulator was killed at its time limit. output:
    what it wrote until then. What a run that ends would tell of its frames is null."""
    unknown = ("frames_equal", "top5", "instructions", "output_crc32", "accuracy")
    return {
        **_what_ran(settings, simulator),
        "verdict": "FAIL",
        "problem": problem,
        **dict.fromkeys(unknown),
        **_bytes(program, transcript.parse(output)),
    }


def _what_ran(settings: Config, simulator: Simulator) -> dict[str, Any]:
    return {
        "config": settings.name,
        "target": settings.compile.target,
        "simulator": {"kind": simulator.kind, "name": simulator.name, "note": simulator.note},
    }


def _instructions(simulator: Simulator, first: Transcript, result: FrameResult) -> dict[str, Any]:
    """Counts, and by what; null where the program had to read a counter whose scale is right for another simulator."""
    known = simulator.kind == "qemu" or first.counter != QEMU_COUNTER
    return {
        "counter": first.counter if known else None,
        "preprocessing": result.preprocessing if known else None,
        "model": result.model if known else None,
        "layers": [{"name": name, "instructions": count if known else None} for name, count in first.layers],
    }


def _bytes(program: Path, said: Transcript) -> dict[str, Any]:
    """The program's bytes; those of the stack as the program measured them, null where it did not come to that."""
    sizes = stage.read_json(program / "size.json")
    return {
        "arena_bytes": sizes["totals"]["arena"],
        "weight_bytes": sizes["totals"]["weights"] + sizes["totals"]["hot"],
        "code_bytes": sizes["totals"]["code"],
        "stack_bytes": said.stack_used or None,
        "stack_reserved_bytes": sizes["totals"]["stack"],
        "regions": sizes["regions"],
        "largest_layer": sizes["largest_layer"],
    }


def accuracy(settings: Config, verdicts: list[FrameVerdict]) -> dict[str, int] | None:
    """{"right", "labelled"}: how often the target's class is the name of the image's folder; None when no folder
    bears a class's name."""
    file = stage.stage_folder(settings, "01_finetune") / "labels.txt"
    labels = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    judged = [
        labels[verdict.result.class_number] == verdict.image.parent.name
        for verdict in verdicts
        if verdict.image is not None and verdict.image.parent.name in labels
    ]
    return {"right": sum(judged), "labelled": len(judged)} if judged else None


def _name(image: Path | None) -> str:
    return str(image) if image else "linked in"


def text(report: Mapping[str, Any]) -> str:
    """The report for people; the last line is name, class, score, instructions, verdict."""
    if "problem" in report:
        return f"{report['problem']}\n{report['config']}  FAIL"
    instructions = report["instructions"]
    lines = [f"top 5 of {report['image']}:"]
    lines += [f"  {entry['score']:.4f}  {entry['label']}" for entry in report["top5"]]
    if instructions["counter"]:
        count = f"{instructions['model']:,} instructions"
        lines.append(
            f"instructions: {instructions['preprocessing']:,} preprocessing, {instructions['model']:,} model "
            f"({len(instructions['layers'])} layers; counted by the {instructions['counter']})"
        )
        lines += _heaviest(instructions["layers"], instructions["model"])
    else:
        count = "instructions not counted"
        lines.append(
            f"instructions: not counted. {report['simulator']['name']} has no DWT cycle counter, and the "
            f"{QEMU_COUNTER} is scaled for QEMU; --simulator qemu counts them."
        )
    lines.append(
        f"bytes: arena {report['arena_bytes']:,}, weights {report['weight_bytes']:,}, code {report['code_bytes']:,}, "
        f"stack {report['stack_bytes']:,} of {report['stack_reserved_bytes']:,}"
    )
    lines.append(size_report.table_text(report, report["stack_bytes"]))
    lines.append(f"output CRC32: {report['output_crc32']}")
    if report["frames"] > 1:
        lines.append(f"frames equal to the host: {report['frames_equal']} of {report['frames']}")
    if report["accuracy"]:
        right, labelled = report["accuracy"]["right"], report["accuracy"]["labelled"]
        lines.append(f"accuracy on the target: {right} of {labelled} ({100 * right / labelled:.2f} %)")
    lines += [f"differs: {failure['image']}: {failure['reason']}" for failure in report["failures"]]
    best = report["top5"][0]
    lines.append(f"{report['config']}  {best['label']}  {best['score']:.4f}  {count}  {report['verdict']}")
    return "\n".join(lines)


def _heaviest(layers: list[dict[str, Any]], total: int, count: int = 5) -> list[str]:
    """The layers that take most; all of them are in run.json and uart.txt."""
    ranked = sorted(layers, key=lambda layer: layer["instructions"], reverse=True)[:count]
    return [
        f"  {layer['instructions']:>12,}  {100 * layer['instructions'] / max(total, 1):5.1f} %  {layer['name']}"
        for layer in ranked
    ]
