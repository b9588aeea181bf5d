"""One layer explained (--explain): the grid, the values and a histogram of its result and of what fusion hides."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.integers.grids import distinguishable_range
from paddle_cortexm.compiler.layer_names import find_layer, is_title, layer_title
from paddle_cortexm.compiler.tensor import Grid, Range
from paddle_cortexm.config import Config
from paddle_cortexm.errors import UserError
from paddle_cortexm.progress import progress
from paddle_cortexm.report.deployed_layers import FusedLayer, visit_layers
from paddle_cortexm.report.layer_comparison import Comparison, open_comparison

BARS = 24  # of a histogram in text
BAR_WIDTH = 50  # characters
Floats = NDArray[np.float32]


def explain_layer(config: Config, program: Path, compiled: Path, asked: str, *, quiet: bool = False) -> str:
    """Ranges, grid and histogram of a layer of the integer model against float: its result, and the tensors between
    the layers that were fused into it.

    asked: a name of the layer, or of one fused into it (compiler/layer_names.py). program and compiled: the folders of
    stages 2 and 3. Raises UserError for an unknown layer.
    """
    if config.quantise.precision != "int8":
        raise UserError(f"--explain compares int8 with float; quantise.precision is {config.quantise.precision}")
    with open_comparison(config, program, compiled, quiet=quiet) as comparison:
        return explanation(comparison, asked, quiet=quiet)


def explanation(comparison: Comparison, asked: str, *, quiet: bool = False) -> str:
    """The text of explain_layer."""
    layer = named_layer(asked, comparison)
    made, inside, exact = _values(comparison, layer, quiet=quiet)
    rounded, blocks = comparison.rounded, [f"{layer.title}:"]
    for part in layer.parts:
        grid, is_result = rounded.grid_of(part.output), part.output == layer.output
        named = f"{layer_title(comparison.reference, part)} ({part.output})"
        if grid is None:
            blocks.append(f"{named}: computed in floating point")
            continue
        integers = made if is_result else inside[part.output] / grid.scale + grid.zero_point
        useful = distinguishable_range(comparison.reference, part.output)
        where = "the result" if is_result else "inside the layer, for exact inputs"
        blocks.append(describe(f"{named}, {where}", grid, np.rint(integers), exact[part.output], useful))
    return "\n".join(blocks)


def named_layer(asked: str, comparison: Comparison) -> FusedLayer:
    """The layer with that title, or with a part of that name. Raises UserError."""
    layers = comparison.layers()
    for layer in layers:
        if is_title(asked, layer.title):
            return layer
    part = find_layer(comparison.reference, asked, "--explain")
    for layer in layers:
        if part in layer.parts:
            return layer
    known = "".join(f"\n  {layer.title}" for layer in layers)
    raise UserError(f"--explain: '{asked}' is computed in floats. The int8 layers:{known}")


def _values(
    comparison: Comparison, layer: FusedLayer, *, quiet: bool
) -> tuple[Floats, dict[str, Floats], dict[str, Floats]]:
    """Over all images, flat: the layer's integers; by tensor, what each part makes of exact inputs; the floats."""
    integers: list[Floats] = []
    inside: Mapping[str, list[Floats]] = defaultdict(list)
    exact: Mapping[str, list[Floats]] = defaultdict(list)

    def collect(name: str, values: NDArray[np.signedinteger], floats: Mapping[str, Floats]) -> None:
        if name != layer.output:
            return
        integers.append(values.reshape(-1).astype(np.float32))
        for tensor, result in comparison.rounded.results(layer.parts, floats).items():
            inside[tensor].append(result.reshape(-1))
            exact[tensor].append(floats[tensor].reshape(-1))

    for pair in progress(comparison.images, f"values of {layer.title}", quiet=quiet):
        visit_layers(comparison.model, comparison.reference, *pair, collect)
    join = np.concatenate
    return join(integers), {k: join(v) for k, v in inside.items()}, {k: join(v) for k, v in exact.items()}


def describe(title: str, grid: Grid, integers: Floats, floats: Floats, useful: Range) -> str:
    """Text: what the grid covers, what the values are, and a histogram of the float values over both.

    useful: the interval of values that the next layers tell apart; what lies beyond is no loss.
    """
    low, high = grid.limits
    real, wanted = grid.scale * (integers - grid.zero_point), np.clip(floats, *useful)
    noise = float(np.square(np.clip(real, *useful) - wanted).sum())
    sqnr = 10 * np.log10(max(float(wanted @ wanted), 1e-30) / max(noise, 1e-30))
    beyond = float(((wanted < low - grid.scale / 2) | (wanted > high + grid.scale / 2)).mean())
    shares = ", ".join(f"{share:g} %: {np.percentile(floats, share):.4g}" for share in (0, 0.1, 1, 50, 99, 99.9, 100))
    lines = [
        f"{title}: SQNR {sqnr:.1f} dB over {len(floats):,} values",
        f"  grid     {low:.4g} ... {high:.4g}, step {grid.scale:.4g}, zero point {grid.zero_point}",
        f"  float    {floats.min():.4g} ... {floats.max():.4g}; percentiles {shares}",
        f"  integers {int(integers.min())} ... {int(integers.max())}; {beyond:.3%} of the float values saturate",
    ]
    if np.isfinite(useful).any():
        lines.append(f"  beyond {useful[0]:.4g} ... {useful[1]:.4g} all values are one to the next layer: no loss")
    counts, edges = np.histogram(floats, BARS, (min(low, float(floats.min())), max(high, float(floats.max()))))
    for count, left, right in zip(counts, edges, edges[1:], strict=False):
        mark = " " if low <= (left + right) / 2 <= high else "!"  # !: outside the grid
        bar = "#" * int(np.ceil(BAR_WIDTH * count / counts.max()))
        lines.append(f"  {mark} {left:10.4g} {bar} {count if count else ''}".rstrip())
    return "\n".join(lines)
