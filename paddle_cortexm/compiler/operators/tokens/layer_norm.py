"""Layer norm over the channels of every pixel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tvm.relax.dpl import is_const, is_op, wildcard

from paddle_cortexm.compiler.operators.parts.base import (
    Elementwise,
    FloatOperator,
    Floats,
    Int8Array,
    Int32Array,
    IntegerOperator,
)
from paddle_cortexm.compiler.operators.parts.fixed_point import fixed_points, requantise
from paddle_cortexm.compiler.operators.parts.paddle_forms import PaddleForm
from paddle_cortexm.compiler.operators.parts.relax_patterns import Matched, RelaxPattern, constant_array
from paddle_cortexm.compiler.tensor import Grid

NORMAL_BITS = 24  # behind the point of a normalised value, which is at most the root of MOST_CHANNELS
STEP_BITS = 8  # behind the point of a result, in its steps, before it is rounded
MOST_CHANNELS = 4096


@dataclass(frozen=True)
class LayerNorm(Elementwise, FloatOperator):
    """gain * (x - mean) / sqrt(variance + epsilon) + offset, mean and variance over the channels. gain, offset: (C,)"""

    gain: Floats
    offset: Floats
    epsilon: float

    @property
    def layer_kind(self) -> str:
        return "layer norm"

    @property
    def plain_constants(self) -> tuple[NDArray[Any], ...]:
        return self.gain, self.offset

    def evaluate(self, inputs: Sequence[NDArray[Any]]) -> Floats:
        x = inputs[0].astype(np.float64)
        centred = x - x.mean(axis=-1, keepdims=True)
        deviation = np.sqrt((centred * centred).mean(axis=-1, keepdims=True) + self.epsilon)
        return (self.gain * (centred / deviation) + self.offset).astype(np.float32)

    def in_paddle(self, paddle: Any) -> PaddleForm:
        gain, offset = paddle.to_tensor(self.gain), paddle.to_tensor(self.offset)

        def normalised(inputs: Sequence[Any]) -> Any:
            x = inputs[0].transpose([0, 2, 3, 1])
            made = paddle.nn.functional.layer_norm(x, [len(self.gain)], gain, offset, self.epsilon)
            return made.transpose([0, 3, 1, 2])

        return normalised

    def integer(
        self, inputs: Sequence[Grid], output: Grid, weight_scales: NDArray[np.float64] | None = None
    ) -> IntegerLayerNorm | None:
        """None for more channels than the integers have room for."""
        channels = len(self.gain)
        if channels > MOST_CHANNELS:
            return None
        steps = np.abs(self.gain.astype(np.float64)) / output.scale * 2.0 ** (STEP_BITS - NORMAL_BITS)
        multiplier, shift = fixed_points(steps)
        offset = np.rint(self.offset.astype(np.float64) / output.scale * (1 << STEP_BITS))
        epsilon = max(1, round(self.epsilon * (channels / inputs[0].scale) ** 2))
        return IntegerLayerNorm(
            (np.sign(self.gain) * multiplier).astype(np.int32),
            shift,
            np.clip(offset, -(1 << 24), 1 << 24).astype(np.int32),
            min(epsilon, (1 << 62) - 1),
            output.zero_point,
        )


@dataclass(frozen=True)
class IntegerLayerNorm(Elementwise, IntegerOperator):
    """Of int8, in exact integers; a pixel has C channels x:

    centred = C * x - sum(x)                                (C times the distance from the mean)
    spread = C * sum(x * x) - sum(x)^2 + epsilon             (C^2 times the variance, in steps of the input)
    root = isqrt(spread << places)                          (places: even; 2^62 <= spread << places < 2^64)
    inverse = min(floor(2^63 / root), 2^32 - 1)              (1 / sqrt(spread) is inverse * 2^(places / 2 - 63))
    high = (centred << room) * (inverse >> 1) >> 32          (room: 22 less the bits of C - 1, so that it fits 32 bits)
    normal = round half up(high * 2^(places / 2 - 6 - room)) (in 2^-24)
    step = requantise(normal, multiplier[c], shift[c]) + offset[c]    (in 2^-8 of the output's steps)
    output = clamp((step + 128 >> 8) + output_zero_point)

    A multiplier is negative where the gain is.
    """

    multiplier: Int32Array
    shift: Int32Array
    offset: Int32Array
    epsilon: int
    output_zero_point: int

    @property
    def layer_kind(self) -> str:
        return "layer norm"

    @property
    def room(self) -> int:
        """By how many bits `centred` is shifted."""
        return 22 - (len(self.multiplier) - 1).bit_length()

    def evaluate(self, inputs: Sequence[NDArray[Any]]) -> Int8Array:
        x = inputs[0].astype(np.int64)
        channels = x.shape[-1]
        total = x.sum(axis=-1, keepdims=True)
        spread = channels * (x * x).sum(axis=-1, keepdims=True) - total * total + self.epsilon
        inverse, places = inverse_root(spread)
        high = (((channels * x - total) << self.room) * (inverse >> 1)) >> 32
        normal = _shifted(high, places // 2 - 6 - self.room)
        steps = requantise(normal, self.multiplier, self.shift) + self.offset
        result = ((steps + (1 << (STEP_BITS - 1))) >> STEP_BITS) + self.output_zero_point
        return np.clip(result, -128, 127).astype(np.int8)


def inverse_root(spread: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """`inverse` and `places` of positive integers below 2^62."""
    inverse, places = np.empty_like(spread), np.empty_like(spread)
    for index, value in np.ndenumerate(spread):
        shift = (64 - int(value).bit_length()) & ~1
        inverse[index] = min((1 << 63) // isqrt(int(value) << shift), (1 << 32) - 1)
        places[index] = shift
    return inverse, places


def _shifted(values: NDArray[np.int64], shift: NDArray[np.int64]) -> NDArray[np.int64]:
    """values * 2^shift, rounded half up, saturated to 32 bits."""
    right = np.maximum(-shift, 0)
    rounded = np.where(right > 0, (values + (np.int64(1) << np.maximum(right - 1, 0))) >> right, values)
    return np.clip(rounded << np.maximum(shift, 0), -(1 << 31), (1 << 31) - 1)


def _pattern() -> RelaxPattern:
    x, gain, offset = wildcard(), is_const(), is_const()
    pattern = is_op("relax.nn.layer_norm")(x, gain, offset)

    def operator(matched: Matched) -> LayerNorm:
        epsilon = float(matched[pattern].attrs.epsilon)
        return LayerNorm(constant_array(matched[gain]), constant_array(matched[offset]), epsilon)

    return RelaxPattern("layer norm", pattern, (x,), operator)


PATTERNS = (_pattern(),)
