"""The per-layer report of an int8 model: layers.json and layers.png."""

from __future__ import annotations

from pathlib import Path

from paddle_cortexm.artefacts.layers import LayersReport
from paddle_cortexm.config import Config
from paddle_cortexm.progress import progress
from paddle_cortexm.report.layer_comparison import open_comparison
from paddle_cortexm.report.layer_measurement import compare_layers
from paddle_cortexm.report.plots import save_layer_quality


def write_layer_report(folder: Path, config: Config, program: Path, *, quiet: bool = False) -> LayersReport:
    """Write layers.json and layers.png into the stage 3 folder; returns the former."""
    with open_comparison(config, program, folder, quiet=quiet) as comparison:
        images = progress(comparison.images, "layers against float", quiet=quiet)
        qualities = compare_layers(comparison.model, comparison.reference, comparison.rounded, images)
    report = LayersReport(images=len(comparison.images), available=comparison.available, layers=tuple(qualities))
    report.write(folder)
    save_layer_quality(folder / "layers.png", qualities, f"{config.name}: {config.model.title}")
    return report
