"""results.json as Markdown tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

HEAD = """| method | float | fake-quantised | by | integer | integer - float | same class as float | target = host |
|---|---:|---:|---|---:|---:|---:|---|
"""


def tables(results: Sequence[dict[str, Any]]) -> str:
    """A table a model, a row a method."""
    models = list(dict.fromkeys(row["model"] for row in results))
    return "\n".join(_table(model, [row for row in results if row["model"] == model]) for model in models)


def _table(model: str, rows: Sequence[dict[str, Any]]) -> str:
    return f"### {model}, {rows[0]['images']} images\n\n{HEAD}{''.join(_line(row) for row in rows)}"


def _line(row: dict[str, Any]) -> str:
    points = 100 * (row["integer_top1"] - row["float_top1"])
    target = f"{row['target_equal']} of {row['target_frames']} frames" if row["target_frames"] else ""
    by = "PaddleSlim" if row["fake_quant_by"] == "PaddleSlim" else "grid"
    cells = [row["method"], f"{row['float_top1']:.2%}", f"{row['fake_quant_top1']:.2%}", by]
    cells += [f"{row['integer_top1']:.2%}", f"{points:+.2f}", f"{row['agreement']:.2%}", target]
    return f"| {' | '.join(cells)} |\n"
