"""A small graph, quantised and compiled for the host, ready to be compared with itself in floats."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from paddle_cortexm.artefacts.quantisation import intervals
from paddle_cortexm.compiler.backends.registry import backends_named
from paddle_cortexm.compiler.emit.program_data import emit_preprocessing_table
from paddle_cortexm.compiler.graph import Graph
from paddle_cortexm.compiler.integers.adjustments import Adjusted
from paddle_cortexm.compiler.integers.grids import tensor_grids
from paddle_cortexm.compiler.integers.realisation import quantise_graph
from paddle_cortexm.compiler.pipeline import described_model
from paddle_cortexm.compiler.tensor import Range
from paddle_cortexm.host.model import HostModel
from paddle_cortexm.quantisation.ranges.observation import observe, tensor_ranges
from paddle_cortexm.report.deployed_layers import RoundedLayers
from paddle_cortexm.report.layer_comparison import Comparison
from tests.compiler.host import compile_graph
from tests.quantisation.small_graphs import PIXEL_RANGE, images


def comparison_of(
    folder: Path,
    graph: Graph,
    *,
    ranges: Mapping[str, Range] | None = None,
    keep_float: tuple[str, ...] = (),
    wide: tuple[str, ...] = (),
) -> Comparison:
    """Compile the graph and pair it with 4 of the calibration images. ranges: instead of calibrated ones; wide: the
    tensors that are int16."""
    chosen = intervals(tensor_ranges(graph, observe(graph, images(32)), {}, "abs_max")) | dict(ranges or {})
    grids = tensor_grids(graph, chosen, PIXEL_RANGE, wide=wide)
    integers = quantise_graph(graph, chosen, PIXEL_RANGE, keep_float=keep_float, wide=wide)
    model = compile_graph(folder, integers, backends_named(["helium", "tvm"]))
    compiled = folder / "model"
    emit_preprocessing_table(compiled, np.zeros((3, 256), np.int8))
    described_model(model, {}).write(compiled)
    source = grids[graph.input]
    pairs = tuple((source.integers(image)[None], image[None]) for image in images(32)[:4])
    return Comparison(HostModel(compiled), graph, RoundedLayers(Adjusted(graph), grids, keep_float), pairs, 32)
