"""Pooling. A global pool has the image as its window."""

from __future__ import annotations

import math

import numpy as np
from tvm import relax

from paddle_cortexm.compiler.frontend.imports.convolutions import emit_convolution
from paddle_cortexm.compiler.frontend.imports.geometry import Padding, Pair, padding_of, pair
from paddle_cortexm.compiler.frontend.imports.relax_builder import RelaxBuilder
from paddle_cortexm.compiler.frontend.paddle.program import PaddleOperator


def pool(builder: RelaxBuilder, op: PaddleOperator) -> None:
    """pool2d: maximum or average; a window, adaptive or global; padding counted or not."""
    source, average = op.input("X"), op.attributes["pooling_type"] == "avg"
    kernel, stride, padding = _window(builder, op)
    if average and any(padding) and not op.attributes.get("exclusive", True):
        _average_with_padding(builder, op, kernel, stride, padding)
        return
    make = relax.op.nn.avg_pool2d if average else relax.op.nn.max_pool2d
    builder.emit(op.output, make(builder.value(source), kernel, stride, padding, layout="NHWC"))


def spatial_mean(builder: RelaxBuilder, op: PaddleOperator) -> None:
    """reduce_mean over height and width: a global average pool, and a reshape unless the dimensions are kept."""
    source, axes = op.input("X"), sorted(axis % 4 for axis in op.attributes["dim"])
    shape = builder.shape(source)
    if len(shape) != 4 or axes != [2, 3] or op.attributes.get("reduce_all"):
        raise op.mistake(f"only the mean over height and width, axes [2, 3], is supported, not {axes} of {shape}")
    mean = relax.op.nn.avg_pool2d(builder.value(source), shape[2:], layout="NHWC")
    if len(builder.shape(op.output)) == 4:
        builder.emit(op.output, mean)
    else:
        builder.emit(op.output, relax.op.reshape(builder.emit(f"{op.output}.mean", mean), (1, shape[1])))


def _window(builder: RelaxBuilder, op: PaddleOperator) -> tuple[Pair, Pair, Padding]:
    """Kernel, stride and padding, in which every output of Paddle's is there."""
    _, _, height, width = builder.shape(op.input("X"))
    size, kernel = (height, width), pair(op, "ksize")
    if op.attributes.get("global_pooling") or (op.attributes.get("adaptive") and kernel == (1, 1)):
        return size, (1, 1), (0, 0, 0, 0)
    if op.attributes.get("adaptive"):
        if height % kernel[0] or width % kernel[1]:
            raise op.mistake(f"adaptive pooling from {size} to {kernel} is not supported: sizes must be divisible")
        window = height // kernel[0], width // kernel[1]
        return window, window, (0, 0, 0, 0)
    stride = pair(op, "strides")
    padding = padding_of(op, size, kernel, stride)
    if op.attributes.get("ceil_mode"):
        padding = _with_ceiling(op, size, kernel, stride, padding)
    return kernel, stride, padding


def _with_ceiling(op: PaddleOperator, size: Pair, kernel: Pair, stride: Pair, padding: Padding) -> Padding:
    """More padding at the end, so that the last, partial window counts."""
    top, left, bottom, right = padding
    more = []
    for n, k, s, before, after in zip(size, kernel, stride, (top, left), (bottom, right), strict=True):
        last = math.ceil((n + before + after - k) / s) * s - before  # where the last window starts
        if last >= n:
            raise op.mistake(f"ceil_mode with kernel {k}, stride {s} and padding makes a window outside of {n} values")
        more.append(max(0, last + k - n - after))
    return top, left, bottom + more[0], right + more[1]


def _average_with_padding(
    builder: RelaxBuilder, op: PaddleOperator, kernel: Pair, stride: Pair, padding: Padding
) -> None:
    """exclusive=False: zeros of the padding count, so every window is a sum over kernel elements: depthwise.

    Paddle counts only as far as (top, left) beyond the end too, so windows that reach further have other divisors.
    """
    top, left, bottom, right = padding
    if bottom > top or right > left:
        raise op.mistake(
            f"counted padding (exclusive=False) of {padding} (top, left, bottom, right) is not supported: there must "
            f"not be more of it at the end than at the start; use exclusive=True"
        )
    channels = builder.shape(op.input("X"))[1]
    weights = np.full((channels, *kernel, 1), 1.0 / (kernel[0] * kernel[1]), np.float32)
    zeros = np.zeros(channels, np.float32)
    emit_convolution(builder, op.input("X"), op.output, weights, zeros, stride, padding, channels)


IMPORTS = {
    "pool2d": pool,
    "reduce_mean": spatial_mean,
}
