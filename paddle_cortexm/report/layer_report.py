"""The per-layer report of an int8 model: layers.json, layers.png, the worst layers."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from paddle_cortexm.config import Config
from paddle_cortexm.progress import progress
from paddle_cortexm.report.layer_comparison import open_comparison
from paddle_cortexm.report.layer_measurement import compare_layers
from paddle_cortexm.report.layer_quality import worst
from paddle_cortexm.report.plots import save_layer_quality
from paddle_cortexm.stage import read_json, write_json


def write_layer_report(folder: Path, config: Config, program: Path, *, quiet: bool = False) -> None:
    """Write layers.json and layers.png into the stage 3 folder."""
    with open_comparison(config, program, folder, quiet=quiet) as comparison:
        images = progress(comparison.images, "layers against float", quiet=quiet)
        qualities = compare_layers(comparison.model, comparison.reference, comparison.rounded, images)
    entries = [_finite(asdict(quality)) for quality in qualities]
    figures = ("name", "parts", "own", "sqnr")
    named = [{key: _finite(asdict(q))[key] for key in figures} | {"reason": q.reason} for q in worst(qualities)]
    write_json(folder / "layers.json", {"images": len(comparison.images), "worst": named, "layers": entries})
    save_layer_quality(folder / "layers.png", qualities, f"{config.name}: {config.model.backbone}")


def worst_layers(folder: Path) -> str:
    """The five worst of layers.json in the stage 3 folder, a line each: its parts, its figures, the reason."""
    lines = []
    for layer in read_json(folder / "layers.json")["worst"]:
        own, sqnr = (f"{layer[key]:.1f} dB" if layer[key] is not None else "exact" for key in ("own", "sqnr"))
        lines.append(
            f"  {' + '.join(layer['parts'])}: alone {own}, with earlier layers' noise {sqnr}; {layer['reason']}"
        )
    return "\n".join(lines)


def _finite(values: dict[str, Any]) -> dict[str, Any]:
    """The same for JSON: None for infinite."""
    return {k: None if isinstance(v, float) and not np.isfinite(v) else v for k, v in values.items()}
