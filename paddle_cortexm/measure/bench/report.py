"""docs/performance.md: instructions of CMSIS-NN and of the project's kernels side by side, by network and by kind."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from paddle_cortexm.measure.bench.measure import Kind, Measurement, Missing
from paddle_cortexm.tables import markdown_table

HEAD = """# Performance

Made by `make bench`; do not edit. Figures are instructions, counted by QEMU (exact, the same in every run), of one
inference without preprocessing; not cycles, not milliseconds. Batch 1, 1000 classes, random weights, Corstone-300. All
kernels are compiled by {toolchain} with -O3 and run in the same program; every output equalled the host's bit for bit
(int8) or within the tolerance (fp16, fp32). CMSIS-NN has no lookup tables: those layers (hard-swish, hard-sigmoid) are
the project's own in both columns, counted in the network's total.
"""
NETWORK_HEAD = (
    "network",
    "precision",
    "kernels",
    "instructions",
    "ratio",
    "MACs",
    "MAC/instruction",
    "arena, bytes",
    "weights, bytes",
    "code, bytes",
)
KIND_HEAD = (
    *("kind", "CMSIS-NN", "MAC/instruction", "helium", "MAC/instruction", "ratio"),
    *("CMSIS-NN, cycles*", "helium, cycles*", "share*"),
)
BY_KIND = """A kind's count includes what is fused into its layers: hard-swish tables and residual additions run in the
epilogues of the helium convolutions, and as layers of their own (activation, add) with CMSIS-NN.

\\* Modelled Cortex-M55 cycles: llvm-mca on every basic block, times its executions, a cycle for each element
of a gather; no memory waits (see `paddle_cortexm/measure/profile/cycles.py`). An estimate to compare kernels with, not
a measurement. Share: of CMSIS-NN's.
"""


def markdown(results: Sequence[Measurement | Missing]) -> str:
    """The whole document."""
    measured = [result for result in results if isinstance(result, Measurement)]
    toolchain = ", ".join(dict.fromkeys(result.toolchain for result in measured)) or "no compiler"
    parts = [HEAD.format(toolchain=toolchain), "## By network\n", network_table(measured)]
    parts += ["Ratio: instructions with CMSIS-NN divided by those of the row.\n"]
    missing = [result for result in results if isinstance(result, Missing)]
    if missing:
        parts += ["Not measured:\n"]
        parts += ["".join(f"* {m.key}: {m.reason}\n" for m in missing)]
    parts += ["## By kind of layer\n", BY_KIND]
    for result in measured:
        rival = cmsis_nn_twin(result, measured)
        if rival is None and uses_cmsis_nn(result):
            continue
        parts += [f"### {result.network} {result.precision}\n", kind_table(result, rival)]
    return "\n".join(parts)


def network_table(measured: Sequence[Measurement]) -> str:
    rows = []
    for result in measured:
        rival = cmsis_nn_twin(result, measured)
        rows.append(
            (
                result.network,
                result.precision,
                result.kernels,
                f"{result.instructions:,}",
                f"{rival.instructions / result.instructions:.2f}" if rival else "",
                f"{result.macs:,}",
                f"{result.macs / result.instructions:.2f}",
                f"{result.arena_bytes:,}",
                f"{result.weight_bytes:,}",
                f"{result.code_bytes:,}",
            )
        )
    return markdown_table(NETWORK_HEAD, rows, left=range(3)) + "\n"


def kind_table(result: Measurement, rival: Measurement | None) -> str:
    """rival: the same network with CMSIS-NN, None where it was not measured."""
    theirs = rival.by_kind if rival else {}
    rows = []
    for kind in dict.fromkeys([*result.by_kind, *theirs]):
        ours, other = result.by_kind.get(kind), theirs.get(kind)
        ratio = f"{other.instructions / ours.instructions:.2f}" if ours and other else ""
        cycles = [f"{k.cycles:,}" if k and k.cycles is not None else "" for k in (other, ours)]
        share = f"{ours.cycles / other.cycles:.2f}" if ours and other and ours.cycles and other.cycles else ""
        rows.append((kind, *_cells(other), *_cells(ours), ratio, *cycles, share))
    return markdown_table(KIND_HEAD, rows) + "\n"


def _cells(kind: Kind | None) -> tuple[str, str]:
    if kind is None:
        return "", ""
    return f"{kind.instructions:,}", f"{kind.macs / kind.instructions:.2f}" if kind.macs else ""


def uses_cmsis_nn(result: Measurement) -> bool:
    return "cmsis-nn" in result.kernels


def cmsis_nn_twin(result: Measurement, measured: Iterable[Measurement]) -> Measurement | None:
    """The same network and precision with CMSIS-NN, unless `result` itself is that."""
    if uses_cmsis_nn(result):
        return None
    same = (m for m in measured if (m.network, m.precision) == (result.network, result.precision))
    return next((m for m in same if uses_cmsis_nn(m)), None)
