"""make memory: the arena of four networks, layer by layer and streamed, measured on the simulator.

Writes build/memory/results.json (layer by layer, and streamed to the limit) and the tables of docs/memory.md (with
`minimum` too). The status is 1 when a row did not pass: the output differs between the two, the arena exceeds its
limit, or streaming costs more than 5 % more instructions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from paddle_cortexm import cli
from paddle_cortexm.artefacts.model import Model
from paddle_cortexm.artefacts.run import Run
from paddle_cortexm.errors import UserError
from paddle_cortexm.measure.bench.networks import BENCH_FOLDER, Network, Variant, deploy
from paddle_cortexm.measure.common.document import fill
from paddle_cortexm.paths import BUILD_FOLDER, REPOSITORY
from paddle_cortexm.report.memory_explanation import explanation
from paddle_cortexm.tables import markdown_table
from paddle_cortexm.target import KIB
from paddle_cortexm.text_files import write_json

MOST_INSTRUCTIONS = 1.05  # streamed, of the instructions of the program that is not streamed
MEASURED_HEAD = (
    *("network", "`memory.arena`", "layers streamed", "arena, B", "lower bound, B", "stack, B", "instructions", ""),
    *("preprocessing", "output CRC32", ""),
)
DOCUMENT = REPOSITORY / "docs" / "memory.md"


@dataclass(frozen=True)
class Case:
    """A network and the arena it must fit into, bytes; others: what other compilers take, layer by layer."""

    network: Network
    limit: int
    others: str

    @property
    def title(self) -> str:
        """MobileNetV2 1.0/224, MobileNetV2_x0_5/224"""
        named = {"MobileNetV2": "MobileNetV2 1.0"}
        return f"{named.get(self.network.backbone, self.network.backbone)}/{self.network.image_size}"


CASES = (
    Case(Network("MobileNetV2", 224), 262_144, "1,509,744 (TFLM), 1,505,280 (ExecuTorch)"),
    Case(Network("MobileNetV2_x0_5", 224), 131_072, "about 752,000"),
    Case(Network("PPLCNet_x1_0", 224), 196_608, "about 602,112"),
    Case(Network("MobileNetV2_x0_25", 96), 24_576, "about 69,000"),
)


@dataclass(frozen=True)
class Result:
    """One run. arena: the config's setting; streamed: whether any layer is computed row by row; instructions: the
    model's, without the preprocessing's."""

    network: str
    arena: str
    streamed: bool
    streamed_layers: int
    layers: int
    arena_bytes: int
    bound_bytes: int
    instructions: int
    preprocessing_instructions: int
    output_crc: str
    stack_bytes: int
    verdict: str


REQUIRED = ("network", "streamed", "arena_bytes", "bound_bytes", "instructions", "output_crc", "verdict")


def required(results: Sequence[Result]) -> list[dict[str, Any]]:
    """The rows of results.json: the fields above, for `none` and for the limit."""
    rows = (asdict(result) for result in results if result.arena != "minimum")
    return [{name: row[name] for name in REQUIRED} for row in rows]


def measure(case: Case, arena: str) -> Result:
    """Take one network through the line with compile.memory.arena set."""
    folder = deploy(Variant(case.network, "int8", arena=arena))
    run, memory = Run.read(folder / "05_run_fvp"), Model.read(folder / "03_compile_tvm").memory
    counts = run.instructions
    if counts is None or counts.model is None or counts.preprocessing is None or run.stack_bytes is None:
        raise UserError(f"{case.title}: {run.problem or 'the instructions were not counted'}")
    result = Result(
        network=case.title,
        arena=arena,
        streamed=memory.streamed_layers > 0,
        streamed_layers=memory.streamed_layers,
        layers=len(counts.layers),
        arena_bytes=run.arena_bytes,
        bound_bytes=memory.lower_bound,
        instructions=counts.model,
        preprocessing_instructions=counts.preprocessing,
        output_crc=run.output_crc32 or "",
        stack_bytes=run.stack_bytes,
        verdict=run.verdict,
    )
    print(
        f"{result.network:22} {arena:8} {result.arena_bytes:>9,} B  {result.instructions:>11,} instructions  "
        f"{result.output_crc}  {result.verdict}",
        flush=True,
    )
    return result


def measure_case(case: Case) -> list[Result]:
    """Not streamed; streamed to the limit; streamed to the smallest arena."""
    return [measure(case, arena) for arena in ("none", limit_setting(case), "minimum")]


def limit_setting(case: Case) -> str:
    """The case's limit as compile.memory.arena says it: 256KiB."""
    return f"{case.limit // KIB}KiB"


def failures(case: Case, results: Sequence[Result]) -> list[str]:
    """What the runs of one network miss. The instructions count for the limit only: `minimum` has other aims."""
    whole, limited = results[0], results[1]
    found = [f"{r.network} ({r.arena}): {r.verdict}" for r in results if r.verdict != "PASS"]
    found += [f"{r.network} ({r.arena}): other output bits" for r in results if r.output_crc != whole.output_crc]
    if whole.arena_bytes != whole.bound_bytes:
        found.append(f"{case.title}: the plan is {whole.arena_bytes - whole.bound_bytes:,} B above its lower bound")
    if limited.arena_bytes > case.limit:
        found.append(f"{case.title}: {limited.arena_bytes:,} B exceed {case.limit:,}")
    if limited.instructions > MOST_INSTRUCTIONS * whole.instructions:
        found.append(f"{case.title}: {limited.instructions / whole.instructions - 1:.1%} more instructions")
    return found


def table(measured: Sequence[tuple[Case, Sequence[Result]]]) -> str:
    """The results as a Markdown table."""
    rows = []
    for _, results in measured:
        for r in results:
            more = f"{r.instructions / results[0].instructions - 1:+.2%}" if r.streamed else ""
            numbers = (r.arena_bytes, r.bound_bytes, r.stack_bytes, r.instructions)
            rows.append(
                (
                    *(r.network, r.arena, f"{r.streamed_layers} of {r.layers}"),
                    *(f"{number:,}" for number in numbers),
                    *(more, f"{r.preprocessing_instructions:,}", r.output_crc, r.verdict),
                )
            )
    return markdown_table(MEASURED_HEAD, rows, left=(0, 1, 7, 9, 10))


def comparison(measured: Sequence[tuple[Case, Sequence[Result]]]) -> str:
    """Each network's arena beside those of other compilers, as a Markdown table."""
    head = ("network", "others, layer by layer, B", "layer by layer, B", "limit, B", "streamed, B")
    rows = [
        (case.title, case.others, f"{whole.arena_bytes:,}", f"{case.limit:,}", f"{limited.arena_bytes:,}")
        for case, (whole, limited, _) in measured
    ]
    return markdown_table(head, rows, left=(0, 1))


def explained(case: Case) -> str:
    """What --explain-memory prints for a case's limit, once it has been measured."""
    folder = BENCH_FOLDER / Variant(case.network, "int8", arena=limit_setting(case)).name
    model = Model.read(folder / "03_compile_tvm")
    return f"```\n{explanation(model.memory, model.regions['arena'])}\n```"


def main() -> int:
    """Measure, write, judge."""
    measured: list[tuple[Case, list[Result]]] = [(case, measure_case(case)) for case in CASES]
    folder = BUILD_FOLDER / "memory"
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "results.json", [row for _, results in measured for row in required(results)])
    blocks = {"comparison": comparison(measured), "measured": table(measured), "explained": explained(CASES[0])}
    DOCUMENT.write_text(fill(DOCUMENT.read_text(encoding="utf-8"), blocks), encoding="utf-8")
    missed = [problem for case, results in measured for problem in failures(case, results)]
    written = (folder / "results.json", DOCUMENT.relative_to(REPOSITORY))
    print("\n".join([f"written: {', '.join(map(str, written))}", *missed]))
    return 1 if missed else 0


if __name__ == "__main__":
    cli.run(main)
