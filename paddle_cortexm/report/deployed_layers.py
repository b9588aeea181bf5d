"""The integer model's layers beside the float graph's: which were fused, what each makes in floats, both at work."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.integers.adjustments import Adjusted
from paddle_cortexm.compiler.integers.fake_quantisation import float_tensors, on_weight_grid, one_layer, to_grid
from paddle_cortexm.compiler.operators.parts.base import FloatOperator
from paddle_cortexm.compiler.reference import run_float
from paddle_cortexm.compiler.tensor import Grid
from paddle_cortexm.host.model import HostModel

Floats = NDArray[np.float32]
Visit = Callable[[str, NDArray[np.signedinteger], Mapping[str, Floats]], None]


@dataclass(frozen=True)
class FusedLayer:
    """A layer of the integer model, and the layers of the float graph that were fused into it, in order."""

    output: str
    title: str
    parts: tuple[Layer, ...]


def fused_layers(reference: Graph, titles: Mapping[str, str]) -> list[FusedLayer]:
    """The layers of the integer model, each with those of the float graph before it whose results it has not. titles:
    of the integer model's layers, by name."""
    made_by = {layer.output: layer for layer in reference.layers}

    def parts(last: Layer) -> list[Layer]:
        inner = [made_by[name] for name in last.inputs if name in made_by and name not in titles]
        return [*(layer for before in inner for layer in parts(before)), last]

    return [FusedLayer(x.output, titles[x.output], tuple(parts(x))) for x in reference.layers if x.output in titles]


def only_moves(layer: Layer) -> bool:
    """Whether its results are some of its inputs, on their grid."""
    assert isinstance(layer.operator, FloatOperator)
    return layer.operator.only_moves


@dataclass(frozen=True)
class RoundedLayers:
    """The layers as they are deployed, before fusion, in floating point: weights and results on their grids.

    grids: of every tensor, also of those that fusion hides.
    """

    deployed: Adjusted
    grids: Mapping[str, Grid]
    keep_float: tuple[str, ...] = ()

    def grid_of(self, tensor: str) -> Grid | None:
        """None for a tensor that stays in floating point."""
        return None if tensor in self._floats else self.grids[tensor]

    def results(self, parts: Collection[Layer], exact: Mapping[str, Floats]) -> dict[str, Floats]:
        """Each part's result, where the first gets exact inputs and the others what those before them made.

        A layer that only moves values rounds nothing: that noise is its input's.
        """
        made: dict[str, Floats] = {}
        for part in parts:
            layer, grid = self._on_grid[part.output], self.grid_of(part.output)
            result = one_layer(layer, ChainMap(made, dict(exact)), self.deployed.graph)
            made[layer.output] = result if only_moves(layer) or grid is None else to_grid(result, grid)
        return made

    @cached_property
    def _on_grid(self) -> dict[str, Layer]:
        """By name, with the real values of their integer weights."""
        scales, kept = self.deployed.weight_scales, self.keep_float
        layers = self.deployed.graph.layers
        return {x.output: x if x.output in kept else on_weight_grid(x, self.grids, scales) for x in layers}

    @cached_property
    def _floats(self) -> frozenset[str]:
        return float_tensors(self.deployed.graph, self.keep_float)


def visit_layers(
    model: HostModel, reference: Graph, integers: NDArray[np.int8], reals: NDArray[np.float32], visit: Visit
) -> None:
    """Run one image through both models and call visit(tensor, its integers, all float tensors) after each layer with
    integer results."""
    exact = run_float(reference, reals)
    names, on_grid = [layer.name for layer in model.facts.layers], set(model.facts.integer_titles)

    def after(number: int) -> None:
        name = names[number] if 0 <= number < len(names) else ""
        if name in exact and name in on_grid:
            visit(name, model.tensor(name).astype(np.int32), exact)

    model.on_layer(after)
    model.run_input(integers)
    model.on_layer(None)
