"""run.json made from a run, and what is printed of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paddle_cortexm import stage
from paddle_cortexm.artefacts.model import Model, numbered
from paddle_cortexm.artefacts.program import ProgramSizes
from paddle_cortexm.artefacts.run import (
    Answer,
    Failure,
    Instructions,
    LayerCount,
    Run,
    SimulatorUsed,
    TargetAccuracy,
)
from paddle_cortexm.artefacts.slow_path import slow_path
from paddle_cortexm.artefacts.training import read_labels
from paddle_cortexm.boards import target_named
from paddle_cortexm.config import Config
from paddle_cortexm.firmware import size_report
from paddle_cortexm.simulator import transcript
from paddle_cortexm.simulator.simulators import Simulator
from paddle_cortexm.simulator.transcript import FrameResult, Scored, Transcript
from paddle_cortexm.simulator.verdict import Comparison

LISTED = 10  # frames that differ, named in run.json


@dataclass(frozen=True)
class FrameVerdict:
    """One frame: its image (None: the one linked in), what the target said, how that compares with the host."""

    image: Path | None
    result: FrameResult
    comparison: Comparison


def build(
    settings: Config, simulator: Simulator, program: Path, first: Transcript, verdicts: list[FrameVerdict]
) -> Run:
    """A run that came to its end. Instructions, top 5 and layers are those of the first frame; bytes of the program.

    program: the stage 4 folder; first: the transcript that holds the first frame.
    """
    failed = [verdict for verdict in verdicts if not verdict.comparison.passed]
    result = verdicts[0].result
    differences = [verdict.comparison.largest_difference for verdict in verdicts]
    return Run(
        config=settings.name,
        target=settings.compile.target,
        simulator=_used(simulator),
        verdict="FAIL" if failed else "PASS",
        frames=len(verdicts),
        frames_equal=len(verdicts) - len(failed),
        largest_difference=max(differences) if max(differences) < float("inf") else None,
        failures=tuple(Failure(image=_name(v.image), reason=v.comparison.reason) for v in failed[:LISTED]),
        image=_name(verdicts[0].image),
        top5=_answers(first.top),
        above=None if first.above is None else _answers(first.above),
        instructions=_instructions(settings, simulator, first, result),
        output_crc32=f"{result.crc32:08x}",
        **_of_program(program, first),
        accuracy=accuracy(settings, verdicts) if first.above is None else None,
    )


def broken_off(settings: Config, simulator: Simulator, program: Path, problem: str, output: str) -> Run:
    """A run without results: the program faulted, or the simulator was killed at its time limit. output: what it wrote
    until then."""
    return Run(
        config=settings.name,
        target=settings.compile.target,
        simulator=_used(simulator),
        verdict="FAIL",
        problem=problem,
        **_of_program(program, transcript.parse(output)),
    )


def _answers(scored: Sequence[Scored]) -> tuple[Answer, ...]:
    return tuple(Answer(number=number, label=label, score=score) for number, score, label in scored)


def _used(simulator: Simulator) -> SimulatorUsed:
    return SimulatorUsed(kind=simulator.kind, name=simulator.name, note=simulator.note)


def _instructions(settings: Config, simulator: Simulator, first: Transcript, result: FrameResult) -> Instructions:
    """Counts, and by what; null where the program had to read a counter whose scale is right for another simulator."""
    known = simulator.kind == "qemu" or first.counter != simulator.target.counter.title
    planned = Model.read(stage.stage_folder(settings, "03_compile_tvm")).layers
    return Instructions(
        counter=first.counter if known else None,
        preprocessing=result.preprocessing if known else None,
        model=result.model if known else None,
        layers=tuple(
            LayerCount(title=numbered(number, title), instructions=count if known else None)
            for number, (title, count) in enumerate(first.layers)
        ),
        slow_path=slow_path(planned, [count for _, count in first.layers], "instructions") if known else None,
    )


def _of_program(program: Path, said: Transcript) -> dict[str, Any]:
    """What built the program, and its bytes; those of the stack as the program measured them, null where it did not
    come to that."""
    sizes = ProgramSizes.read(program)
    return {
        "toolchain": sizes.toolchain,
        "arena_bytes": sizes.totals["arena"],
        "weight_bytes": sizes.totals["weights"] + sizes.totals["hot"],
        "code_bytes": sizes.totals["code"],
        "stack_bytes": said.stack_used or None,
        "stack_reserved_bytes": sizes.totals["stack"],
        "regions": sizes.regions,
        "largest_layer": sizes.largest_layer,
    }


def accuracy(settings: Config, verdicts: list[FrameVerdict]) -> TargetAccuracy | None:
    """How often the target's class is the name of the image's folder; None when no folder bears a class's name."""
    labels = read_labels(stage.stage_folder(settings, "03_compile_tvm"))
    judged = [
        labels[verdict.result.class_number] == verdict.image.parent.name
        for verdict in verdicts
        if verdict.image is not None and verdict.image.parent.name in labels
    ]
    return TargetAccuracy(right=sum(judged), labelled=len(judged)) if judged else None


def _name(image: Path | None) -> str:
    return str(image) if image else "linked in"


def text(run: Run) -> str:
    """The report for people; the last line is name, class, score, instructions, verdict."""
    if run.problem is not None or run.instructions is None or not run.top5:
        return f"{run.problem}\n{run.config}  FAIL"
    lines = [f"top 5 of {run.image}:"]
    lines += [f"  {answer.score:.4f}  {answer.label}" for answer in run.top5]
    if run.above is not None:
        lines.append(f"above their thresholds: {', '.join(answer.label for answer in run.above) or 'none'}")
    count, counted = _counted(run.simulator.name, target_named(run.target).counter.title, run.instructions)
    lines += counted
    lines.append(
        f"bytes: arena {run.arena_bytes:,}, weights {run.weight_bytes:,}, code {run.code_bytes:,}, "
        f"stack {run.stack_bytes:,} of {run.stack_reserved_bytes:,}"
    )
    lines.append(size_report.table_text(run.regions, run.largest_layer, run.stack_bytes))
    lines.append(f"output CRC32: {run.output_crc32}")
    if run.frames > 1:
        lines.append(f"frames equal to the host: {run.frames_equal} of {run.frames}")
    if run.accuracy:
        right, labelled = run.accuracy.right, run.accuracy.labelled
        lines.append(f"accuracy on the target: {right} of {labelled} ({100 * right / labelled:.2f} %)")
    lines += [f"differs: {failure.image}: {failure.reason}" for failure in run.failures]
    if run.failures:
        lines.append(
            f"built with {run.toolchain}: docs/systems.md lists the compilers that were found to give the host's bits"
        )
    lines.append(f"{run.config}  {_answer(run)}  {count}  {run.verdict}")
    return "\n".join(lines)


def _answer(run: Run) -> str:
    """What the program takes the first frame for: the best class with its score, or all that is above its threshold."""
    best = (run.top5 or ())[:1] if run.above is None else run.above
    return "  ".join(f"{answer.label}  {answer.score:.4f}" for answer in best) or "nothing above its threshold"


def _counted(simulator: str, counter: str, instructions: Instructions) -> tuple[str, list[str]]:
    """The count for the last line, and the lines about it. counter: the board's, which QEMU counts with."""
    if instructions.counter is None or instructions.model is None:
        why = (
            f"instructions: not counted. {simulator} has no DWT cycle counter, and the {counter} is scaled for "
            f"QEMU; --simulator qemu counts them."
        )
        return "instructions not counted", [why]
    summary = (
        f"instructions: {instructions.preprocessing:,} preprocessing, {instructions.model:,} model "
        f"({len(instructions.layers)} layers; counted by the {instructions.counter})"
    )
    lines = [summary, *_heaviest(instructions.layers, instructions.model)]
    if instructions.slow_path is not None and instructions.slow_path.layers:
        lines.append(instructions.slow_path.text)
    return f"{instructions.model:,} instructions", lines


def _heaviest(layers: Sequence[LayerCount], total: int, count: int = 5) -> list[str]:
    """The layers that take most; all of them are in run.json and uart.txt."""
    counted = [(layer.instructions or 0, layer.title) for layer in layers]
    ranked = sorted(counted, key=lambda layer: layer[0], reverse=True)[:count]
    return [f"  {number:>12,}  {100 * number / max(total, 1):5.1f} %  {name}" for number, name in ranked]
