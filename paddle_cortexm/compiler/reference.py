"""The float layer graph evaluated in numpy, in batches: the reference for calibration, quality reports and tests."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from paddle_cortexm.compiler.graph import (
    Activation,
    Add,
    AveragePool,
    Convolution,
    DepthwiseConvolution,
    FullyConnected,
    Graph,
    MaxPool,
    Multiply,
    Operator,
    Reshape,
    Softmax,
    Window,
)
from paddle_cortexm.compiler.integers.realisation import activation_values

Floats = NDArray[np.float32]


def run_float(graph: Graph, images: Floats) -> dict[str, Floats]:
    """Every tensor of the graph by name, for images (N, height, width, channels)."""
    tensors = {graph.input: images.astype(np.float32)}
    for layer in graph.layers:
        result = evaluate(layer.operator, [tensors[name] for name in layer.inputs])
        tensors[layer.output] = result.reshape(len(images), *graph.tensors[layer.output].shape[1:])
    return tensors


def evaluate(operator: Operator, inputs: list[Floats]) -> Floats:
    """One float operator. Raises TypeError for an integer one."""
    x = inputs[0]
    match operator:
        case Convolution(weight=weight, window=window):
            columns = windows(x, window, 0.0)
            columns = columns.reshape(*columns.shape[:3], -1)
            return _finished(columns @ weight.reshape(weight.shape[0], -1).T + operator.bias, operator, inputs)
        case DepthwiseConvolution(weight=weight, window=window):
            taps = windows(x, window, 0.0)
            products = (taps[:, :, :, i, j] * weight[i, j] for i, j in np.ndindex(window.kernel))
            return _finished(sum(products, operator.bias), operator, inputs)
        case FullyConnected(weight=weight):
            return _finished(x.reshape(len(x), -1) @ weight.T + operator.bias, operator, inputs)
        case Add():
            return _clamped(x + inputs[1], operator)
        case Multiply():
            return x * inputs[1]
        case AveragePool(window=window):
            counted = windows(np.ones_like(x[:1, :, :, :1]), window, 0.0).sum(axis=(3, 4))
            return windows(x, window, 0.0).sum(axis=(3, 4)) / counted
        case MaxPool(window=window):
            return windows(x, window, -np.inf).max(axis=(3, 4))
        case Activation():
            return activation_values(operator, x.astype(np.float64)).astype(np.float32)
        case Softmax():
            exponentials = np.exp(x - x.max(axis=-1, keepdims=True))
            return exponentials / exponentials.sum(axis=-1, keepdims=True)
        case Reshape():
            return x
    raise TypeError(f"{type(operator).__name__} is not a float operator")


def windows(x: Floats, window: Window, outside: float) -> Floats:
    """Every window of x: (N, output height, output width, kernel height, kernel width, channels)."""
    top, left, bottom, right = window.padding
    padded = np.pad(x, ((0, 0), (top, bottom), (left, right), (0, 0)), constant_values=outside)
    views = sliding_window_view(padded, window.kernel, axis=(1, 2))
    strided = views[:, :: window.stride[0], :: window.stride[1]]
    return strided.transpose(0, 1, 2, 4, 5, 3)


def _finished(
    sums: Floats, operator: Convolution | DepthwiseConvolution | FullyConnected, inputs: list[Floats]
) -> Floats:
    """Clamp and epilogue of a sum of products."""
    values, epilogue = _clamped(sums, operator), operator.epilogue
    if epilogue.activation is not None:
        values = evaluate(epilogue.activation, [values])
    return values if epilogue.add is None else evaluate(epilogue.add, [values, inputs[1].reshape(values.shape)])


def _clamped(values: Floats, operator: Any) -> Floats:
    low, high = operator.clamp
    return np.clip(values, low, high).astype(np.float32) if (low, high) != (None, None) else values.astype(np.float32)
