"""Rounding and bias correction, a layer at a time, each on the inputs that the layers before it really deliver.

Bias correction is the empirical one of Nagel et al. (2019): a channel's mean error over the calibration images is taken
off its bias.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.integers.adjustments import Adjusted
from paddle_cortexm.compiler.integers.fake_quantisation import (
    float_tensors,
    on_weight_grid,
    one_layer,
    to_grid,
    unclamped,
)
from paddle_cortexm.compiler.operators.weights.weighted import Weighted
from paddle_cortexm.compiler.tensor import Grid
from paddle_cortexm.progress import progress
from paddle_cortexm.quantisation.weights.rounding import adaround as rounded_for

MEMORY_LIMIT = 1 << 30  # bytes of activations held at a time, about
Grids = Mapping[str, Grid]
Floats = NDArray[np.float32]


def refine(
    graph: Graph,
    grids: Grids,
    images: Floats,
    *,
    adaround: bool,
    bias_correction: bool,
    keep_float: tuple[str, ...] = (),
    quiet: bool = False,
) -> Adjusted:
    """The graph with weights rounded by AdaRound and corrected biases, as asked; with AdaRound the weights lie on the
    grid of the scales that are returned. images: (N, H, W, 3); as many are used as memory allows."""
    images = images[: max(16, MEMORY_LIMIT // (8 * sum(t.elements for t in graph.tensors.values())))]
    exact: dict[str, Floats] = {graph.input: images}
    rounded: dict[str, Floats] = {graph.input: to_grid(images, grids[graph.input])}
    scales: dict[str, NDArray[np.float64]] = {}
    layers: list[Layer] = []
    floats = float_tensors(graph, keep_float)
    steps = {"AdaRound": adaround, "bias correction": bias_correction}
    what = " and ".join(name for name, asked in steps.items() if asked)
    for layer in progress(graph.layers, what, quiet=quiet, unit="layer"):
        refined = layer
        if isinstance(layer.operator, Weighted) and layer.output not in keep_float:
            if adaround:
                refined, scales[layer.output] = _adaptively_rounded(layer, grids, rounded, centred=bias_correction)
            if bias_correction:
                refined = _with_corrected_bias(layer, refined, grids, scales, (exact, rounded), graph)
            deployed = on_weight_grid(refined, grids, scales)
        else:
            deployed = layer
        exact[layer.output] = one_layer(layer, exact, graph)
        result = one_layer(deployed, rounded, graph)
        rounded[layer.output] = result if layer.output in floats else to_grid(result, grids[layer.output])
        layers.append(refined)
        _forget(graph, len(layers), exact, rounded)
    return Adjusted(replace(graph, layers=tuple(layers)), scales)


def _adaptively_rounded(
    layer: Layer, grids: Grids, rounded: Mapping[str, Floats], *, centred: bool
) -> tuple[Layer, NDArray[np.float64]]:
    operator = layer.operator
    assert isinstance(operator, Weighted)
    _, _, scales = operator.integer_weights(grids[layer.inputs[0]].scale)
    steps = rounded_for(operator, scales, rounded[layer.inputs[0]], centred=centred)
    real = (steps * scales[:, None]).astype(np.float32)
    weight = np.ascontiguousarray(operator.from_rows(real))
    return replace(layer, operator=operator.with_weights(weight, operator.bias)), scales


def _with_corrected_bias(
    layer: Layer,
    refined: Layer,
    grids: Grids,
    scales: Mapping[str, NDArray[np.float64]],
    tensors: tuple[Mapping[str, Floats], Mapping[str, Floats]],
    graph: Graph,
) -> Layer:
    """The refined layer with the bias that brings each channel's mean closest to what it is in floating point, before
    the fused activation: by the median over the images, as the few that saturate must not shift all others."""
    exact, rounded = tensors
    wanted = one_layer(replace(layer, operator=unclamped(layer.operator)), exact, graph)
    deployed = on_weight_grid(refined, grids, scales)
    got = one_layer(replace(deployed, operator=unclamped(deployed.operator)), rounded, graph)
    error = np.median((wanted.astype(np.float64) - got).mean(axis=(1, 2)), axis=0)
    operator = refined.operator
    assert isinstance(operator, Weighted)
    return replace(refined, operator=operator.with_weights(operator.weight, (operator.bias + error).astype(np.float32)))


def _forget(graph: Graph, done: int, *tensors: dict[str, Floats]) -> None:
    """Drop what no later layer reads."""
    needed = {name for layer in graph.layers[done:] for name in layer.inputs}
    for held in tensors:
        for name in [name for name in held if name not in needed]:
            del held[name]
