"""Pooling. A global pool has the image as its window."""

from __future__ import annotations

import math

import numpy as np
from tvm import relax

from paddle_cortexm.compiler.frontend.imports.convolutions import emit_convolution
from paddle_cortexm.compiler.frontend.imports.geometry import Padding, Pair, padding_of, pair
from paddle_cortexm.compiler.frontend.imports.relax_builder import RelaxBuilder
from paddle_cortexm.compiler.frontend.paddle.program import PaddleOperator, Shape


def pool(builder: RelaxBuilder, op: PaddleOperator) -> None:
    """pool2d: maximum or average; a window, adaptive or global; padding counted or not. max_pool2d_with_index: its
    maximum."""
    source, average = op.input("X"), op.attributes.get("pooling_type", "max") == "avg"
    if average and op.attributes.get("adaptive") and not _divides(builder, op):
        size = pair(op, "ksize")
        builder.emit(op.output, relax.op.nn.adaptive_avg_pool2d(builder.value(source), size, layout="NHWC"))
        return
    kernel, stride, padding = _window(builder, op)
    if average and any(padding) and not op.attributes.get("exclusive", True):
        _average_with_padding(builder, op, kernel, stride, padding)
        return
    make = relax.op.nn.avg_pool2d if average else relax.op.nn.max_pool2d
    builder.emit(op.output, make(builder.value(source), kernel, stride, padding, layout="NHWC"))


def reduce(builder: RelaxBuilder, op: PaddleOperator) -> None:
    """reduce_mean, reduce_sum and reduce_max of an image: over height, width or both a pool with that window; over the
    channels, and where a mean becomes a sum, a 1 x 1 convolution; a reshape where only (1, C) is left."""
    source, word = op.input("X"), op.kind.removeprefix("reduce_")
    shape, result, axes = builder.shape(source), builder.shape(op.output), _reduced_axes(builder, op)
    if len(shape) == 3 and shape[0] == 1 and axes == [1] and word == "mean":
        mean = relax.op.nn.avg_pool2d(builder.value(source), (1, shape[1]), layout="NHWC")
        made = builder.emit(f"{op.output}.mean", mean)
        builder.emit(op.output, relax.op.reshape(made, builder.relax_shape(op.output)))
        return
    kept = tuple(1 if axis in axes else n for axis, n in enumerate(shape))
    if len(shape) != 4 or result not in (kept, kept[:2]) or (result != kept and axes[-2:] != [2, 3]):
        raise op.mistake(
            f"axes {axes} of {shape} to {result} is not supported: an image is needed, and keepdim unless all of its "
            f"height and width goes"
        )
    if word == "max" and 1 in axes:
        raise op.mistake("the maximum over the channels is not supported")
    weighed = 1 in axes or word == "sum"
    final = op.output if result == kept else f"{op.output}.{word}"
    if axes != [1]:
        pooled = f"{op.output}.pooled" if weighed else final
        window = [shape[axis] if axis in axes else 1 for axis in (2, 3)]
        make = relax.op.nn.max_pool2d if word == "max" else relax.op.nn.avg_pool2d
        builder.emit(pooled, make(builder.value(source), window, layout="NHWC"))
        source = pooled
    if weighed:
        _weigh(builder, source, final, _weight(shape, axes, word), shape[1], over_channels=1 in axes)
    if result != kept:
        builder.emit(op.output, relax.op.reshape(builder.value(final), result))


def _reduced_axes(builder: RelaxBuilder, op: PaddleOperator) -> list[int]:
    """In Paddle's layout, without the batch: there is one image. None given are all."""
    rank = len(builder.shape(op.input("X")))
    given = [] if op.attributes.get("reduce_all") else op.attributes["dim"]
    return sorted({axis % rank for axis in given or range(rank)} - {0})


def _weight(shape: Shape, axes: list[int], word: str) -> float:
    """What every value is multiplied by, behind the mean over height and width."""
    if word == "mean":
        return 1.0 / shape[1]
    return float(math.prod(shape[axis] for axis in axes if axis > 1))


def _weigh(
    builder: RelaxBuilder, source: str, result: str, weight: float, channels: int, *, over_channels: bool
) -> None:
    """One weight for all: over the channels their sum, otherwise each by itself."""
    weights = np.full((1, 1, 1, channels) if over_channels else (channels, 1, 1, 1), weight, np.float32)
    bias = np.zeros(len(weights), np.float32)
    emit_convolution(builder, source, result, weights, bias, groups=1 if over_channels else channels)


def _window(builder: RelaxBuilder, op: PaddleOperator) -> tuple[Pair, Pair, Padding]:
    """Kernel, stride and padding, in which every output of Paddle's is there."""
    _, _, height, width = builder.shape(op.input("X"))
    size, kernel = (height, width), pair(op, "ksize")
    if op.attributes.get("global_pooling") or (op.attributes.get("adaptive") and kernel == (1, 1)):
        return size, (1, 1), (0, 0, 0, 0)
    if op.attributes.get("adaptive"):
        if not _divides(builder, op):
            raise op.mistake(f"an adaptive maximum from {size} to {kernel} is not supported: sizes must be divisible")
        window = height // kernel[0], width // kernel[1]
        return window, window, (0, 0, 0, 0)
    stride = pair(op, "strides")
    padding = padding_of(op, size, kernel, stride)
    if op.attributes.get("ceil_mode"):
        padding = _with_ceiling(op, size, kernel, stride, padding)
    return kernel, stride, padding


def _divides(builder: RelaxBuilder, op: PaddleOperator) -> bool:
    """Whether the windows of an adaptive pool are all of one size, and do not overlap."""
    sizes = zip(builder.shape(op.input("X"))[2:], pair(op, "ksize"), strict=True)
    return all(length % pieces == 0 for length, pieces in sizes)


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
    "max_pool2d_with_index": pool,
    "pool2d": pool,
    "reduce_max": reduce,
    "reduce_mean": reduce,
    "reduce_sum": reduce,
}
