"""docs/zoo.md: the table of the whole zoo."""

from __future__ import annotations

from collections.abc import Sequence

from paddle_cortexm.measure.zoo.figures import Figures
from paddle_cortexm.tables import markdown_table

HEAD = (
    *("network", "input", "weights", "MAC", "instructions", "MAC/instruction", "arena, B", "streamed, B"),
    *("left to tvm", "import error", ""),
)


def table(rows: Sequence[Figures]) -> str:
    """A network a line; what could not be deployed with the reason."""
    made = [_row(figures) for figures in rows]
    return markdown_table(HEAD, made, left=(0, 1, len(HEAD) - 1))


def counted(rows: Sequence[Figures]) -> str:
    """How many of them run."""
    passed = [figures for figures in rows if figures.passed]
    return f"{len(passed)} of {len(rows)} networks compile to int8 and give the host's bits on QEMU."


def _row(figures: Figures) -> tuple[str, ...]:
    size = f"{figures.image_size}×{figures.image_size}"
    if figures.problem is not None or figures.instructions is None:
        return (figures.network, size, *[""] * (len(HEAD) - 3), figures.problem or "not run")
    numbers = (figures.weights, figures.macs, figures.instructions)
    return (
        figures.network,
        size,
        *(f"{number:,}" for number in numbers),
        f"{figures.macs_per_instruction:.2f}",
        f"{figures.arena_bytes:,}",
        f"{figures.streamed_bytes:,}",
        f"{figures.generated or 0:.1%}",
        f"{figures.import_error:.0e}",
        "PASS" if figures.passed else "FAIL",
    )
