"""The per-layer report of an int8 model: layers.json, layers.png, the worst layers, and one layer explained."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler import adjustments
from paddle_cortexm.compiler.frontend import load_graph
from paddle_cortexm.compiler.graph import Graph, Quantisation
from paddle_cortexm.compiler.pipeline import compile_model, write_model
from paddle_cortexm.compiler.quantisation import without_softmax
from paddle_cortexm.config import Config, Memory
from paddle_cortexm.data.datasets import open_splits
from paddle_cortexm.data.pixels import load_pixels
from paddle_cortexm.data.preprocessing import apply_table, normalisation_table
from paddle_cortexm.errors import UserError, nearest
from paddle_cortexm.report.layer_quality import compare_layers, visit_layers, worst
from paddle_cortexm.report.plots import save_layer_quality
from paddle_cortexm.simulate import HostModel
from paddle_cortexm.stage import read_json, write_json

IMAGES = 32  # calibration images the models are compared on
BARS = 24  # of a histogram in text
BAR_WIDTH = 50  # characters
Pair = tuple[NDArray[np.int8], NDArray[np.float32]]


@dataclass(frozen=True)
class Comparison:
    """The integer model without streaming, the float graph it stands for, and images for both."""

    model: HostModel
    reference: Graph
    images: tuple[Pair, ...]


@contextmanager
def open_comparison(config: Config, program: Path, compiled: Path, *, quiet: bool = False) -> Iterator[Comparison]:
    """Open what is compared. program: the stage 2 folder; compiled: the stage 3 folder.

    A model with streamed layers is compiled again without (whole tensors; the bits are the same).
    """
    graph = without_softmax(load_graph(program, name=config.name))
    reference = adjustments.load(program / adjustments.REFERENCE, graph).graph
    with tempfile.TemporaryDirectory() as work:
        if config.compile.memory.arena != "none":
            compiled = Path(work) / "model"
            compiled.mkdir()
            _compile_whole(config, program, compiled)
        model = HostModel(compiled)
        grid = model.facts["input"]["quantisation"]
        images = comparison_images(config, Quantisation(**grid) if grid else None, quiet=quiet)
        yield Comparison(model, reference, tuple(images))


def _compile_whole(config: Config, program: Path, folder: Path) -> None:
    """Write the model without streaming."""
    whole = config.compile.model_copy(update={"memory": Memory()})
    unstreamed = config.model_copy(update={"compile": whole})
    model = compile_model(unstreamed, program)
    write_model(folder, unstreamed, model, ["?"], np.zeros((1, 1, 3), np.uint8))


def comparison_images(config: Config, grid: Quantisation | None, *, quiet: bool = False) -> Iterator[Pair]:
    """Calibration images, preprocessed for the integer and for the float model. Unreadable ones
    are left out and named; raises UserError when they are more than 1 %."""
    integers, reals = (normalisation_table(config.data.mean, config.data.std, g) for g in (grid, None))
    calibration, size = open_splits(config).calibration, config.model.image_size
    frames = load_pixels(calibration, config.resize, size, "calibration images", quiet=quiet).images
    for frame in frames[:IMAGES]:
        yield apply_table(frame, integers).astype(np.int8), apply_table(frame, reals)[None].astype(np.float32)


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


def explain_layer(config: Config, program: Path, compiled: Path, layer: str, *, quiet: bool = False) -> str:
    """Ranges, grid and histogram of one layer's output, integer and float. Raises UserError for an unknown layer."""
    integers: list[NDArray[np.float32]] = []
    floats: list[NDArray[np.float32]] = []

    def collect(name: str, values: NDArray[np.int8], expected: NDArray[np.float32]) -> None:
        if name == layer:
            integers.append(values.reshape(-1).astype(np.float32))
            floats.append(expected.reshape(-1))

    with open_comparison(config, program, compiled, quiet=quiet) as comparison:
        known = [entry["output"] for entry in comparison.model.facts["layers"]]
        if layer not in known:
            raise UserError(f"--explain: no layer '{layer}'{nearest(layer, known)}. The layers: {', '.join(known)}")
        for pair in comparison.images:
            visit_layers(comparison.model, comparison.reference, *pair, collect)
        stored = comparison.model.facts["tensors"][layer]["quantisation"]
    if not stored or not floats:
        return f"{layer}: computed in floating point"
    return describe(layer, Quantisation(**stored), np.concatenate(integers), np.concatenate(floats))


def describe(layer: str, grid: Quantisation, integers: NDArray[np.float32], floats: NDArray[np.float32]) -> str:
    """Text: what the grid covers, what the values are, and a histogram of the float values over both."""
    low, high = (grid.scale * (end - grid.zero_point) for end in (-128, 127))
    real = grid.scale * (integers - grid.zero_point)
    noise = 10 * np.log10(max(float(floats @ floats), 1e-30) / max(float(np.square(real - floats).sum()), 1e-30))
    beyond = float(((floats < low - grid.scale / 2) | (floats > high + grid.scale / 2)).mean())
    shares = ", ".join(f"{share:g} %: {np.percentile(floats, share):.4g}" for share in (0, 0.1, 1, 50, 99, 99.9, 100))
    lines = [
        f"{layer}: SQNR {noise:.1f} dB over {len(floats):,} values",
        f"  grid     {low:.4g} ... {high:.4g}, step {grid.scale:.4g}, zero point {grid.zero_point}",
        f"  float    {floats.min():.4g} ... {floats.max():.4g}; percentiles {shares}",
        f"  integers {int(integers.min())} ... {int(integers.max())}; {beyond:.3%} of the float values saturate",
    ]
    counts, edges = np.histogram(floats, BARS, (min(low, float(floats.min())), max(high, float(floats.max()))))
    for count, left, right in zip(counts, edges, edges[1:], strict=False):
        mark = " " if low <= (left + right) / 2 <= high else "!"  # !: outside the grid
        bar = "#" * int(np.ceil(BAR_WIDTH * count / counts.max()))
        lines.append(f"  {mark} {left:10.4g} {bar} {count if count else ''}".rstrip())
    return "\n".join(lines)


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
