"""The per-layer report of an int8 model: layers.json, layers.png, the worst layers."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np

from paddle_cortexm.config import Config
from paddle_cortexm.report.layer_comparison import open_comparison
from paddle_cortexm.report.layer_quality import compare_layers, worst
from paddle_cortexm.report.plots import save_layer_quality
from paddle_cortexm.stage import read_json, write_json


def write_layer_report(folder: Path, config: Config, program: Path, *, quiet: bool = False) -> None:
    """Write layers.json and layers.png into the stage 3 folder."""
    with open_comparison(config, program, folder, quiet=quiet) as comparison:
        qualities = compare_layers(comparison.model, comparison.reference, comparison.images)
    entries = [asdict(quality) | {"inherited": _finite(quality.inherited)} for quality in qualities]
    named = [{"name": q.name, "parts": q.parts, "sqnr": q.sqnr, "reason": q.reason} for q in worst(qualities)]
    write_json(folder / "layers.json", {"images": len(comparison.images), "worst": named, "layers": entries})
    save_layer_quality(folder / "layers.png", qualities)


def worst_layers(folder: Path) -> str:
    """The five worst of layers.json in the stage 3 folder, a line each: its parts, its name, the reason."""
    lines = []
    for layer in read_json(folder / "layers.json")["worst"]:
        others = [name for name in layer["parts"] if name != layer["name"]]
        lines.append(f"  {' + '.join([*others, layer['name']])}: {layer['sqnr']:.1f} dB; {layer['reason']}")
    return "\n".join(lines)


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
