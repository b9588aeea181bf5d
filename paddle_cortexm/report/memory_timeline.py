"""memory.png: bytes live during each layer, with the arena's size and its lower bound drawn in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib import pyplot

from paddle_cortexm.report.plots import save_figure


def save_memory_timeline(path: Path, memory: Mapping[str, Any]) -> None:
    """Two pictures: bytes live by layer, and below it the arena as a map of its buffers. memory: memory.json."""
    layers = memory["layers"]
    figure, (live, arena) = pyplot.subplots(2, 1, sharex=True, figsize=(max(8, 0.18 * len(layers)), 8))
    _draw_live_bytes(live, memory)
    _draw_buffers(arena, memory)
    arena.set_xlim(0, len(layers))
    arena.set_xticks([i + 0.5 for i in range(len(layers))], [x["name"] for x in layers], rotation=90, fontsize=5)
    save_figure(figure, path)


def _draw_live_bytes(axes: Any, memory: Mapping[str, Any]) -> None:
    layers = memory["layers"]
    edges = list(range(len(layers) + 1))
    axes.stairs([x["live_bytes"] for x in layers], edges, fill=True, color="tab:blue", alpha=0.7, label="live")
    if memory["segments"]:
        values = [x["live_bytes_layer_by_layer"] for x in layers]
        axes.stairs(values, edges, color="tab:grey", label="live, if nothing were streamed")
    for i, segment in enumerate(memory["segments"]):
        label = "streamed" if i == 0 else None
        axes.axvspan(segment["first"], segment["last"] + 1, color="tab:orange", alpha=0.15, label=label)
    axes.axhline(memory["arena_bytes"], color="black", label=f"arena {memory['arena_bytes']:,} B")
    bound = f"lower bound {memory['lower_bound']:,} B"
    axes.axhline(memory["lower_bound"], color="tab:red", linestyle="--", label=bound)
    axes.set_ylim(bottom=0)
    axes.set_ylabel("bytes live during the layer")
    axes.legend(loc="upper right", fontsize=8)


def _draw_buffers(axes: Any, memory: Mapping[str, Any]) -> None:
    """A box a buffer: the layers it lives for, the bytes it takes."""
    colours = pyplot.get_cmap("tab20")
    for number, buffer in enumerate(memory["buffers"]):
        corner, width = (buffer["first"], buffer["offset"]), buffer["last"] - buffer["first"] + 1
        axes.add_patch(pyplot.Rectangle(corner, width, buffer["bytes"], color=colours(number % 20), alpha=0.8))
    axes.axhline(memory["arena_bytes"], color="black")
    axes.set_ylim(0, 1.02 * memory["arena_bytes"])
    axes.set_ylabel("offset in the arena, bytes")
