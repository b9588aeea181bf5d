"""What stage 2 changes of the program's weights: kept by layer name in files beside the program.

reference.npz: weights as quantisation found them, where equalisation or QAT changed the program's (the float model that
reports compare with). deployed.npz: weights, biases and weight scales after rounding and bias correction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.graph import Graph
from paddle_cortexm.compiler.operators.weights.weighted import Weighted

REFERENCE = "reference.npz"
DEPLOYED = "deployed.npz"


@dataclass(frozen=True)
class Adjusted:
    """A float graph ready for integers, and the scales its weights need where they are not max|w| / 127."""

    graph: Graph
    weight_scales: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)


def save(path: Path, adjusted: Adjusted) -> None:
    """Write weights, biases and scales of every layer that has weights. The same values give the same bytes."""
    arrays: dict[str, NDArray[np.generic]] = {}
    for layer in adjusted.graph.layers:
        if isinstance(layer.operator, Weighted):
            arrays[f"{layer.output}/weight"], arrays[f"{layer.output}/bias"] = (
                layer.operator.weight,
                layer.operator.bias,
            )
    for name, scales in adjusted.weight_scales.items():
        arrays[f"{name}/scales"] = scales
    np.savez(path, **arrays)  # type: ignore[arg-type]


def load(path: Path, graph: Graph) -> Adjusted:
    """The program's graph with the weights of the file; as it is where there is no file."""
    if not path.is_file():
        return Adjusted(graph)
    with np.load(path) as arrays:
        layers = tuple(
            replace(layer, operator=layer.operator.with_weights(arrays[f"{layer.output}/weight"], arrays[key]))
            if (key := f"{layer.output}/bias") in arrays and isinstance(layer.operator, Weighted)
            else layer
            for layer in graph.layers
        )
        scales = {key.removesuffix("/scales"): arrays[key] for key in arrays.files if key.endswith("/scales")}
    return Adjusted(replace(graph, layers=layers), scales)
