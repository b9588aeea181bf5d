"""memory.png: bytes live during each layer, the arena's size and its lower bounds drawn in; below, the arena's map."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from matplotlib import pyplot

from paddle_cortexm.artefacts.model import Memory
from paddle_cortexm.report.plots import save_figure
from paddle_cortexm.target import KIB

COLOURS = {
    "whole tensor": "tab:blue",
    "rolling rows": "tab:orange",
    "image": "tab:green",
    "scratch": "tab:red",
    "row of zero points": "tab:purple",
}
SMALLEST_NAMED = 0.05  # of the arena: a tensor's box above that carries its title
MOST_CHARACTERS = 40


def save_memory_timeline(path: Path, network: str, memory: Memory, region: str) -> None:
    """Two pictures: bytes live by layer, and below it the arena as a map of its buffers. region:
    where it lies."""
    layers = memory.layers
    size = (max(11, 3 + 0.18 * len(layers)), 9)
    figure, (live, arena) = pyplot.subplots(2, 1, sharex=True, figsize=size, height_ratios=(2, 3))
    figure.suptitle(f"{network}: arena of {memory.arena_bytes / KIB:,.1f} KiB in {region}")
    _draw_live_bytes(live, memory)
    _draw_buffers(arena, memory)
    arena.set_xlim(0, len(layers))
    arena.set_xticks([i + 0.5 for i in range(len(layers))], [x.title for x in layers], rotation=90, fontsize=5)
    save_figure(figure, path)


def _draw_live_bytes(axes: Any, memory: Memory) -> None:
    layers = memory.layers
    edges = list(range(len(layers) + 1))
    values = [x.live_bytes / KIB for x in layers]
    axes.stairs(values, edges, fill=True, color="tab:blue", alpha=0.7, label="live")
    for i, segment in enumerate(memory.segments):
        label = "streamed" if i == 0 else None
        axes.axvspan(segment.first, segment.last + 1, color="tab:orange", alpha=0.15, label=label)
    if memory.segments:
        whole = [x.live_bytes_layer_by_layer / KIB for x in layers]
        axes.stairs(whole, edges, color="tab:grey", label="live, if nothing were streamed")
    _line(axes, "arena", memory.arena_bytes, color="black")
    _line(axes, "lower bound of this plan", memory.lower_bound, color="tab:red", linestyle="--")
    _line(axes, "lower bound of the best choice", memory.smallest_bound, color="tab:green", linestyle=":")
    peak, top = values.index(max(values)), axes.get_ylim()[1]
    axes.annotate(
        f"peak: {memory.peak}",
        (peak + 0.5, values[peak]),
        xytext=(len(layers) * 0.35, 0.8 * values[peak] if values[peak] > top / 2 else 0.6 * top),
        arrowprops={"arrowstyle": "->"},
        fontsize=8,
    )
    axes.set_ylim(bottom=0)
    axes.set_ylabel("live during the layer, KiB")
    _legend(axes)


def _line(axes: Any, what: str, size: int, **style: Any) -> None:
    axes.axhline(size / KIB, label=f"{what}: {size / KIB:,.1f} KiB", **style)


def _draw_buffers(axes: Any, memory: Memory) -> None:
    """A box a buffer, coloured by its kind: the layers it lives for, the bytes it takes."""
    named: set[str] = set()
    for buffer in memory.buffers:
        corner, width = (buffer.first, buffer.offset / KIB), buffer.last - buffer.first + 1
        kind, height = buffer.kind, buffer.bytes / KIB
        label = None if kind in named else kind
        named.add(kind)
        style: dict[str, Any] = {
            "facecolor": COLOURS[kind],
            "edgecolor": "white",
            "linewidth": 0.5,
            "alpha": 0.8,
            "label": label,
        }
        axes.add_patch(pyplot.Rectangle(corner, width, height, **style))
        if buffer.bytes > SMALLEST_NAMED * memory.arena_bytes and kind != "scratch":
            place = corner[0] + width / 2, corner[1] + height / 2
            turned = 90 if width < 3 else 0
            title = buffer.title[:MOST_CHARACTERS]
            axes.text(*place, title, ha="center", va="center", fontsize=5, rotation=turned, clip_on=True)
    _line(axes, "arena", memory.arena_bytes, color="black")
    axes.set_ylim(0, 1.02 * memory.arena_bytes / KIB)
    axes.set_ylabel("offset in the arena, KiB")
    _legend(axes)


def _legend(axes: Any) -> None:
    axes.legend(loc="upper left", bbox_to_anchor=(1.005, 1), fontsize=8, frameon=False)
