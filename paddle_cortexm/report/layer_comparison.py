"""What the per-layer reports compare: the integer model without streaming, the float graph, both on the same images."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.artefacts.quantisation import Ranges, intervals, wide_tensors
from paddle_cortexm.compiler.frontend.load import load_graph
from paddle_cortexm.compiler.graph import Graph
from paddle_cortexm.compiler.integers import adjustments
from paddle_cortexm.compiler.integers.grids import tensor_grids
from paddle_cortexm.compiler.integers.realisation import kept_layers, up_to_logits
from paddle_cortexm.compiler.pipeline import compile_model, write_model
from paddle_cortexm.compiler.tensor import Grid
from paddle_cortexm.config import Config, Memory
from paddle_cortexm.data.datasets import Dataset
from paddle_cortexm.data.pixels import load_pixels
from paddle_cortexm.data.preprocessing import apply_table, input_range, normalisation_table
from paddle_cortexm.data.splits import open_splits
from paddle_cortexm.host.model import HostModel
from paddle_cortexm.report.deployed_layers import FusedLayer, RoundedLayers, fused_layers

MOST_IMAGES, FEWEST_IMAGES = 32, 4  # calibration images the models are compared on
PIXELS = MOST_IMAGES * 64 * 64  # of large images fewer: their layers have values enough
Pair = tuple[NDArray[np.int8], NDArray[np.float32]]


@dataclass(frozen=True)
class Comparison:
    """The integer model without streaming, the float graph it stands for, its layers in floats, images for both: a
    sample of the `available` calibration images."""

    model: HostModel
    reference: Graph
    rounded: RoundedLayers
    images: tuple[Pair, ...]
    available: int

    def layers(self) -> list[FusedLayer]:
        """Those with int8 results, in order."""
        return fused_layers(self.reference, self.model.facts.integer_titles)


@contextmanager
def open_comparison(config: Config, program: Path, compiled: Path, *, quiet: bool = False) -> Iterator[Comparison]:
    """Open what is compared. program: the stage 2 folder; compiled: the stage 3 folder of an int8 model.

    A model with streamed layers is compiled again without (whole tensors; the bits are the same).
    """
    graph = up_to_logits(load_graph(program, name=config.name), keep_sigmoid=config.model.answer == "value")
    reference = adjustments.load(program / adjustments.REFERENCE, graph).graph
    deployed = adjustments.load(program / adjustments.DEPLOYED, graph)
    settings = config.quantise
    pixels = input_range(config.input.mean, config.input.std)
    ranges = Ranges.read(program).tensors
    grids = tensor_grids(graph, intervals(ranges), pixels, symmetric=settings.symmetric, wide=wide_tensors(ranges))
    rounded = RoundedLayers(deployed, grids, kept_layers(graph, settings.keep_float))
    with tempfile.TemporaryDirectory() as work:
        if config.compile.memory.arena != "none":
            compiled = Path(work) / "model"
            compiled.mkdir()
            _compile_whole(config, program, compiled)
        calibration = open_splits(config).calibration
        images = tuple(comparison_images(config, calibration, grids[graph.input], quiet=quiet))
        yield Comparison(HostModel(compiled), reference, rounded, images, len(calibration.targets))


def _compile_whole(config: Config, program: Path, folder: Path) -> None:
    """Write the model without streaming."""
    whole = config.compile.model_copy(update={"memory": Memory()})
    unstreamed = config.model_copy(update={"compile": whole})
    model = compile_model(unstreamed, program)
    write_model(folder, unstreamed, model, ["?"], np.zeros((1, 1, 3), np.uint8))


def comparison_images(config: Config, calibration: Dataset, grid: Grid, *, quiet: bool = False) -> Iterator[Pair]:
    """Calibration images, preprocessed for the integer and for the float model: 32 of 64 x 64 pixels, fewer of larger
    ones. Unreadable ones are left out and named; raises UserError when they are more than 1 %."""
    reals = normalisation_table(config.input.mean, config.input.std)
    integers = grid.integers(reals)
    frames = load_pixels(calibration, config.input, "calibration images", quiet=quiet).images
    for frame in frames[: min(MOST_IMAGES, max(FEWEST_IMAGES, PIXELS // math.prod(config.input.size)))]:
        yield apply_table(frame, integers).astype(np.int8), apply_table(frame, reals)[None].astype(np.float32)
