"""A profile as text and as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib import pyplot

from paddle_cortexm.measure.profile.profile import Profile
from paddle_cortexm.report.plots import save_figure
from paddle_cortexm.tables import text_table

MOST_FUNCTIONS = 20
LAYER_HEAD = ("layer", "kind", "output", "kernel", "instructions", "share", "MAC/insn", "cycles*", "MAC/cycle*")
FUNCTION_HEAD = ("function", "instructions", "share", "cycles*")
CYCLES_NOTE = "* modelled Cortex-M55 cycles (llvm-mca on every basic block, no memory waits): an estimate, not measured"
COLOURS = pyplot.get_cmap("tab10")


def text(profile: Profile) -> str:
    """Two tables: layers in order of execution, functions by instructions."""
    cycles = sum(layer.cycles or 0.0 for layer in profile.layers)
    total = f"all layers: {profile.instructions:,} instructions" + (f", {cycles:,.0f} cycles*" if cycles else "")
    parts = [layer_table(profile), total]
    if profile.streamed:
        parts.append("(rows are streamed: layers take turns, so there are no cycles by layer)")
    parts += ["", function_table(profile)]
    modelled = any(function.cycles is not None for function in profile.functions)
    parts.append(CYCLES_NOTE if modelled else "* not modelled: llvm-mca is not installed (apt install llvm-19)")
    return "\n".join(parts)


def layer_table(profile: Profile) -> str:
    rows = [
        (
            layer.title,
            layer.kind,
            "x".join(map(str, layer.output_shape[1:])),
            layer.kernel,
            f"{layer.instructions:,}",
            f"{100 * layer.instructions / profile.instructions:.1f} %",
            ratio(layer.macs, layer.instructions),
            f"{layer.cycles:,.0f}" if layer.cycles is not None else "",
            ratio(layer.macs, layer.cycles),
        )
        for layer in profile.layers
    ]
    return text_table(LAYER_HEAD, rows, left=range(4))


def function_table(profile: Profile) -> str:
    total = sum(function.instructions for function in profile.functions)
    rows = [
        (
            function.name,
            f"{function.instructions:,}",
            f"{100 * function.instructions / total:.1f} %",
            f"{function.cycles:,.0f}" if function.cycles is not None else "",
        )
        for function in profile.functions[:MOST_FUNCTIONS]
    ]
    return text_table(FUNCTION_HEAD, rows)


def ratio(macs: int, per: float | None) -> str:
    return f"{macs / per:.2f}" if macs and per else ""


def save_picture(path: Path, profile: Profile, title: str) -> None:
    """Two bars a layer, coloured by kind: instructions with their share, modelled cycles with MAC/cycle. Labels: the
    layer's title, output and kernel."""
    labels = [
        f"{layer.title}, {'x'.join(map(str, layer.output_shape[1:]))}, {layer.kernel}" for layer in profile.layers
    ]
    counts = [float(layer.instructions) for layer in profile.layers]
    shares = [f"{100 * count / profile.instructions:.1f} %" for count in counts]
    cycles = [layer.cycles or 0.0 for layer in profile.layers]
    rates = [ratio(layer.macs, layer.cycles) for layer in profile.layers]
    size = (12, 1.5 + 0.19 * len(labels))
    figure, panels = pyplot.subplots(1, 2, figsize=size, sharey=True)
    _bars(panels[0], profile, counts, shares, "million instructions (beside the bar: share of the network)")
    _bars(panels[1], profile, cycles, rates, "million modelled Cortex-M55 cycles (beside the bar: MAC/cycle)")
    panels[0].set_yticks(range(len(labels)), labels, fontsize=6)
    panels[0].invert_yaxis()
    panels[0].legend(fontsize=8, loc="lower right")
    total = f"; {sum(cycles):,.0f} modelled cycles" if any(cycles) else ""
    figure.suptitle(f"{title}: {profile.instructions:,} instructions{total}")
    save_figure(figure, path)


def _bars(axes: Any, profile: Profile, lengths: Sequence[float], notes: Sequence[str], meaning: str) -> None:
    kinds = list(dict.fromkeys(layer.kind for layer in profile.layers))
    for i, kind in enumerate(kinds):
        rows = [number for number, layer in enumerate(profile.layers) if layer.kind == kind]
        axes.barh(rows, [lengths[number] / 1e6 for number in rows], color=COLOURS(i % 10), label=kind)
    for number, (length, note) in enumerate(zip(lengths, notes, strict=True)):
        axes.text(length / 1e6, number, f" {note}", va="center", fontsize=6)
    axes.margins(x=0.12, y=0.01)
    axes.set_xlabel(meaning, fontsize=8)
