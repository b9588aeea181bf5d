"""The measured rows as Markdown: one table over all networks, one a network, and the worst layers of one."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from paddle_cortexm.artefacts.layers import LayersReport, worst
from paddle_cortexm.measure.accuracy.experiments import DEFAULT_METHOD
from paddle_cortexm.measure.accuracy.networks import NETWORKS
from paddle_cortexm.measure.accuracy.results import Row, best
from paddle_cortexm.tables import markdown_table

SUMMARY_HEAD = (
    *("network and data", "images", "float", "integer, default", "points (95 %)", "lost / won", "same class"),
    *("best method", "points", "ONNX Runtime, default / best", "points"),
)
HEAD = ("method", "integer", "points", "95 %", "lost / won", "p", "same class", "target = host")
LAYERS_HEAD = ("layer", "alone", "accumulated", "alone", "accumulated")


def summary(results: Sequence[Row]) -> str:
    """A row a network: the default method, the best, the anchor. Networks without the default are left out."""
    lines = []
    for network in NETWORKS:
        ours = [row for row in results if row.network == network.name and not row.is_anchor]
        anchors = [row for row in results if row.network == network.name and row.is_anchor]
        default = next((row for row in ours if row.method == DEFAULT_METHOD), None)
        if default is not None:
            lines.append([network.title, *_default_cells(default), *_best_cells(best(ours)), *_anchor_cells(anchors)])
    return markdown_table(SUMMARY_HEAD, lines, left=(0, 7))


def tables(results: Sequence[Row]) -> str:
    """A table a network, a row a method."""
    parts = []
    for network in NETWORKS:
        rows = [row for row in results if row.network == network.name]
        if rows:
            heading = f"### {network.title}: {rows[0].images:,} images, float {_share(rows[0], 'float_right')}"
            parts.append(f"{heading}\n\n{markdown_table(HEAD, map(_cells, rows), left=(0, 7, 8))}\n")
    return "\n".join(parts)


def layers_table(before: LayersReport, after: LayersReport) -> str:
    """The five worst layers of `before`, and what they are in `after`: SQNR in dB, alone and with what came before.

    Their numbers are left out: they differ where int16 keeps an addition from being fused.
    """
    now = {_unnumbered(layer.title): layer for layer in after.layers}
    lines = []
    for layer in worst(before.layers):
        same = now.get(_unnumbered(layer.title))
        figures = [layer.own, layer.sqnr, *((same.own, same.sqnr) if same else ())]
        lines.append([_unnumbered(layer.title), *(_decibels(figure) for figure in figures), *[""] * (4 - len(figures))])
    return markdown_table(LAYERS_HEAD, lines)


def _unnumbered(title: str) -> str:
    return title.partition(" ")[2]


def _default_cells(row: Row) -> list[str]:
    points = f"{_points(row)} ({_interval(row)})"
    accuracy = [f"{row.images:,}", _share(row, "float_right"), _share(row, "right")]
    return [*accuracy, points, f"{row.lost} / {row.won}", _share(row, "same")]


def _best_cells(row: Row) -> list[str]:
    return [row.method, _points(row)]


def _anchor_cells(rows: Sequence[Row]) -> list[str]:
    """Its default is the row that stands first."""
    if not rows:
        return ["not measured", ""]
    pair = (rows[0], best(rows))
    return [" / ".join(_share(row, "right") for row in pair), " / ".join(map(_points, pair))]


def _cells(row: Row) -> list[str]:
    target = f"{row.target_equal} of {row.target_frames}" if row.target_frames else ""
    changed = [_points(row), _interval(row), f"{row.lost} / {row.won}", f"{row.p_value:.2f}"]
    return [row.method, _share(row, "right"), *changed, _share(row, "same"), target]


def _share(row: Row, field: str) -> str:
    return f"{getattr(row, field) / row.images:.2%}"


def _points(row: Row) -> str:
    return f"{100 * (row.won - row.lost) / row.images:+.2f}"


def _interval(row: Row) -> str:
    low, high = row.difference_interval
    return f"{100 * low:+.2f} to {100 * high:+.2f}"


def _decibels(value: float) -> str:
    return f"{value:.1f}" if isfinite(value) else "exact"
