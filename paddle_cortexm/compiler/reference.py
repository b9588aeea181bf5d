"""A layer graph evaluated in numpy, in batches: the reference for calibration, quality reports and tests.

What one layer gives stands with its operator, in compiler/operators.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.graph import Graph
from paddle_cortexm.compiler.operators.parts.base import Floats, Int8Array


def run_float(graph: Graph, images: NDArray[np.floating]) -> dict[str, Floats]:
    """Every tensor of a float graph by name, for images (N, height, width, channels)."""
    return _run(graph, images.astype(np.float32))


def run_integers(graph: Graph, images: Int8Array) -> dict[str, NDArray[Any]]:
    """Every tensor of an integer graph by name, bit for bit what the generated C computes, for int8 images
    (N, height, width, channels). Between layers kept in float tensors are float32, equal to rounding only."""
    return _run(graph, images.astype(np.int8))


def _run(graph: Graph, images: NDArray[Any]) -> dict[str, NDArray[Any]]:
    tensors = {graph.input: images}
    for layer in graph.layers:
        result = layer.operator.evaluate([tensors[name] for name in layer.inputs])
        tensors[layer.output] = result.reshape(len(images), *graph.output_of(layer).shape[1:])
    return tensors
