"""Examples of layers with int16 tensors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import numpy as np

from paddle_cortexm.compiler.integers.wide import LARGEST_SUM
from paddle_cortexm.compiler.operators.elementwise.add import Add
from paddle_cortexm.compiler.operators.parts.base import Integers
from paddle_cortexm.compiler.operators.parts.fixed_point import fixed_points
from paddle_cortexm.compiler.operators.parts.requantisation import Requantisation
from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.compiler.operators.weights.convolution import IntegerConvolution
from paddle_cortexm.compiler.operators.weights.depthwise_convolution import IntegerDepthwiseConvolution
from paddle_cortexm.compiler.operators.weights.fully_connected import IntegerFullyConnected
from paddle_cortexm.compiler.operators.weights.weighted import BIAS_LIMIT
from paddle_cortexm.compiler.tensor import ENDS, Grid, IntegerType
from tests.compiler.backends.helium.examples.layers import Example, Random, bytes_of

TYPES: tuple[tuple[IntegerType, IntegerType], ...] = (("int16", "int8"), ("int8", "int16"), ("int16", "int16"))

DEEPEST = LARGEST_SUM // 127  # of the largest weights
WINDOWS = (
    Window((3, 3), (1, 1), (1, 1, 1, 1)),
    Window((3, 3), (2, 2), (1, 1, 1, 1)),
    Window((3, 3), (2, 2), (0, 0, 1, 1)),
    Window((1, 3), (1, 1), (0, 1, 0, 1)),
    Window((2, 4), (1, 1), (1, 1, 0, 2)),
    Window((5, 5), (1, 1), (2, 2, 2, 2)),
    Window((5, 5), (2, 2), (2, 2, 2, 2)),
)


def integers(random: Random, dtype: IntegerType, *shape: int) -> Integers:
    """Among them both ends."""
    low, high = ENDS[dtype]
    values = random.integers(low, high + 1, shape)
    return np.where(random.random(shape) < 0.1, random.choice([low, high], shape), values).astype(dtype)


def some_scale(random: Random, channels: int, spread: float, dtype: IntegerType) -> Requantisation:
    """Scales that spread sums of that deviation over the output's range, and a zero point and a clamp for int8."""
    low, high = ENDS[dtype]
    pairs = fixed_points(2.0 ** random.uniform(-1, 2, channels) * high / spread)
    if dtype == "int16":
        return Requantisation(*pairs, 0, low, high, dtype)
    clamp = sorted(random.integers(low, high + 1, 2).tolist()) if random.integers(2) else (low, high)
    return Requantisation(*pairs, int(random.integers(low, high + 1)), *clamp)


def some_weights(
    random: Random, types: tuple[IntegerType, IntegerType], channels: tuple[int, int]
) -> tuple[Integers, Integers, int, Requantisation]:
    """Weights (O, I), bias, the input's zero point, the scale."""
    source, result = types
    inputs, outputs = channels
    weight = np.maximum(bytes_of(random, outputs, inputs), -127)
    reach = 127 * ENDS[source][1] * np.sqrt(inputs) / 3
    bias = random.uniform(-reach, reach, outputs).astype(np.int32)
    zero_point = int(random.integers(-128, 128)) if source == "int8" else 0
    return weight, bias, zero_point, some_scale(random, outputs, reach, result)


def pointwise(
    random: Random, types: tuple[IntegerType, IntegerType], channels: tuple[int, int], size: tuple[int, int]
) -> Example:
    weight, *rest = some_weights(random, types, channels)
    operator = IntegerConvolution(weight[:, None, None], rest[0], Window(), *rest[1:])
    return Example(operator, (integers(random, types[0], 1, *size, channels[0]),))


def connected(random: Random, types: tuple[IntegerType, IntegerType], channels: tuple[int, int]) -> Example:
    operator = IntegerFullyConnected(*some_weights(random, types, channels))
    return Example(operator, (integers(random, types[0], 1, 1, 1, channels[0]),))


def depthwise(random: Random, window: Window, channels: int, size: tuple[int, int]) -> Example:
    """Half of them with a relu6, whose upper end may lie anywhere. size: at least; a window has to fit."""
    top, left, bottom, right = window.padding
    size = max(size[0], window.kernel[0] - top - bottom), max(size[1], window.kernel[1] - left - right)
    weight = np.maximum(bytes_of(random, *window.kernel, channels), -127)
    reach = 127 * 127 * np.sqrt(weight[..., 0].size) / 3
    bias = random.uniform(-reach, reach, channels).astype(np.int32)
    scale = some_scale(random, channels, reach, "int16")
    if random.integers(2):
        scale = replace(scale, minimum=0, maximum=int(random.integers(1, 1 << 15)))
    operator = IntegerDepthwiseConvolution(weight, bias, window, int(random.integers(-128, 128)), scale)
    return Example(operator, (integers(random, "int8", 1, *size, channels),))


def wide_sum(random: Random, *shape: int) -> Example:
    scales = 2.0 ** random.uniform(-4, 4, 3)
    first, second, output = (Grid(float(scale), 0, "int16") for scale in scales)
    values = integers(random, "int16", *shape), integers(random, "int16", *shape)
    return Example(Add().integer((first, second), output), values)


def largest_sums() -> Example:
    """The deepest sums of the largest products, with the largest bias, of both signs: nothing leaves 32 bits."""
    weight = np.repeat(np.array([[127], [-127], [127], [-127], [127]], np.int8), DEEPEST, axis=1)
    bias = np.array([BIAS_LIMIT, -BIAS_LIMIT, -BIAS_LIMIT, BIAS_LIMIT, 0], np.int32)
    scale = Requantisation(*fixed_points(np.full(5, 16383 / (1 << 31))), 0, *ENDS["int16"], "int16")
    ends = np.array([16383, -16383, 16383], np.int16)[None, None, :, None]
    return Example(
        IntegerConvolution(weight[:, None, None], bias, Window(), 0, scale), (np.repeat(ends, DEEPEST, axis=3),)
    )


def large_scales(random: Random) -> Example:
    """Scales from 2^-30 to 2^8, so that some need left shifts, on results that saturate and on those that vanish."""
    exponents = np.arange(-30, 9)
    weight = np.maximum(bytes_of(random, len(exponents), 12), -127)
    bias = random.integers(-(2**24), 2**24, len(exponents)).astype(np.int32)
    scale = Requantisation(*fixed_points(2.0**exponents), 0, *ENDS["int16"], "int16")
    operator = IntegerConvolution(weight[:, None, None], bias, Window(), -7, scale)
    return Example(operator, (integers(random, "int8", 1, 2, 4, 12),))


def large_depthwise_scales(random: Random) -> Example:
    """As large_scales, a channel each."""
    exponents = np.arange(-30, 9)
    weight = np.maximum(bytes_of(random, 3, 3, len(exponents)), -127)
    bias = random.integers(-(2**24), 2**24, len(exponents)).astype(np.int32)
    scale = Requantisation(*fixed_points(2.0**exponents), 0, *ENDS["int16"], "int16")
    operator = IntegerDepthwiseConvolution(weight, bias, WINDOWS[0], -7, scale)
    return Example(operator, (integers(random, "int8", 1, 6, 9, len(exponents)),))


def examples(random: Random) -> Iterator[Example]:
    """Depths around the blocks of 8, 16 and 32 values, channels around groups and runs, pixels around threes."""
    depths = (1, 3, 7, 8, 9, 12, 16, 17, 24, 31, 32, 33, 40, 63, 64, 72, 100, 160, 320, DEEPEST, 960)
    for i, (depth, types) in enumerate(product(depths, TYPES)):
        channels = (1, 4, 6, 8, 17, 24, 36, 96, 100, 144)[i % 10]
        size = ((1, 1), (1, 2), (1, 3), (2, 2), (1, 5), (2, 3), (7, 7))[i % 7]
        yield pointwise(random, types, (depth, channels), size)
    for depth, types in product((5, 16, 40, 200), TYPES):
        yield connected(random, types, (depth, 10))
    for i, (window, channels) in enumerate(product(WINDOWS, (1, 5, 8, 16, 17, 40))):
        yield depthwise(random, window, channels, ((1, 1), (3, 4), (7, 7), (9, 12), (5, 37))[i % 5])
    for count in (1, 7, 8, 9, 24, 67):
        yield wide_sum(random, 1, 2, count, 3)
    yield largest_sums()
    yield large_scales(random)
    yield large_depthwise_scales(random)
