"""results.json: a row a model, photos and method; and the rows as Markdown tables."""

from __future__ import annotations

from collections.abc import Sequence

from paddle_cortexm.artefacts.artefact import Part
from paddle_cortexm.measure.accuracy.experiments import METHODS, NETWORKS
from paddle_cortexm.tables import markdown_table

HEAD = (
    *("method", "float", "fake-quantised", "by", "integer", "integer - float", "same class as float"),
    "target = host",
)


class Row(Part):
    """photos: the folder's name; fake_quant_by: whose simulation in floats it is; agreement: share of images whose
    class is the float model's; target_frames: how many ran on the simulator, target_equal: with the host's bits."""

    model: str
    photos: str
    method: str
    images: int
    float_top1: float
    float_top5: float
    fake_quant_top1: float
    fake_quant_by: str
    integer_top1: float
    integer_top5: float
    agreement: float
    target_frames: int = 0
    target_equal: int = 0


def with_row(results: Sequence[Row], row: Row) -> list[Row]:
    """The results with this row in place of an earlier one of the same model, data and method, in the usual order."""
    rows = [*(r for r in results if (r.model, r.photos, r.method) != (row.model, row.photos, row.method)), row]
    models, methods = [network.backbone for network in NETWORKS], list(METHODS)
    return sorted(rows, key=lambda r: (r.photos, models.index(r.model), methods.index(r.method)))


def tables(results: Sequence[Row]) -> str:
    """A table a model, a row a method."""
    models = list(dict.fromkeys(row.model for row in results))
    return "\n".join(_table(model, [row for row in results if row.model == model]) for model in models)


def _table(model: str, rows: Sequence[Row]) -> str:
    table = markdown_table(HEAD, map(_cells, rows), left=(0, 3, 7))
    return f"### {model}, {rows[0].images} images\n\n{table}\n"


def _cells(row: Row) -> list[str]:
    points = 100 * (row.integer_top1 - row.float_top1)
    target = f"{row.target_equal} of {row.target_frames} frames" if row.target_frames else ""
    by = "PaddleSlim" if row.fake_quant_by == "PaddleSlim" else "grid"
    floats = [f"{row.float_top1:.2%}", f"{row.fake_quant_top1:.2%}", by]
    return [row.method, *floats, f"{row.integer_top1:.2%}", f"{points:+.2f}", f"{row.agreement:.2%}", target]
