"""The integer operators in numpy, written from their definition in compiler/graph.py and nothing else."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.graph import (
    Epilogue,
    IntegerAdd,
    IntegerConvolution,
    IntegerFullyConnected,
    Requantisation,
)

Int8 = NDArray[np.int8]
Int64 = NDArray[np.int64]


def requantise(accumulator: Int64, multiplier: Int64 | int, shift: Int64 | int) -> Int64:
    """floor(accumulator * multiplier * 2**(shift - 31) + 1/2), in Python integers: exact whatever the size."""

    def one(a: int, m: int, s: int) -> int:
        return (2 * a * m + (1 << (31 - s))) // (1 << (32 - s))

    return np.vectorize(lambda a, m, s: one(int(a), int(m), int(s)), otypes=[np.int64])(accumulator, multiplier, shift)


def requantised(accumulator: Int64, r: Requantisation) -> Int8:
    result = requantise(accumulator, r.multiplier.astype(np.int64), r.shift.astype(np.int64)) + r.output_zero_point
    return np.clip(result, r.minimum, r.maximum).astype(np.int8)


def convolution(operator: IntegerConvolution, x: Int8, residual: Int8 | None = None) -> Int8:
    """x: (1, H, W, C)."""
    (top, left, bottom, right), (sh, sw) = operator.window.padding, operator.window.stride
    out_channels, kernel_height, kernel_width, _ = operator.weight.shape
    values = np.pad(x[0].astype(np.int64) - operator.input_zero_point, ((top, bottom), (left, right), (0, 0)))
    height = (values.shape[0] - kernel_height) // sh + 1
    width = (values.shape[1] - kernel_width) // sw + 1
    sums = np.zeros((height, width, out_channels), np.int64) + operator.bias
    for ky in range(kernel_height):
        for kx in range(kernel_width):
            seen = values[ky : ky + (height - 1) * sh + 1 : sh, kx : kx + (width - 1) * sw + 1 : sw]
            sums += seen @ operator.weight[:, ky, kx].astype(np.int64).T
    return with_epilogue(requantised(sums, operator.requantisation)[None], operator.epilogue, residual)


def fully_connected(operator: IntegerFullyConnected, x: Int8, residual: Int8 | None = None) -> Int8:
    """x: any shape, taken flat; the result is (1, 1, 1, O)."""
    sums = operator.weight.astype(np.int64) @ (x.reshape(-1).astype(np.int64) - operator.input_zero_point)
    result = requantised(sums + operator.bias, operator.requantisation).reshape(1, 1, 1, -1)
    return with_epilogue(result, operator.epilogue, residual)


def add(operator: IntegerAdd, first: Int8, second: Int8) -> Int8:
    def operand(x: Int8, i: int) -> Int64:
        shifted = (x.astype(np.int64) - operator.zero_points[i]) << operator.left_shift
        return requantise(shifted, operator.multipliers[i], operator.shifts[i])

    total = requantise(operand(first, 0) + operand(second, 1), operator.multipliers[2], operator.shifts[2])
    return np.clip(total + operator.output_zero_point, operator.minimum, operator.maximum).astype(np.int8)


def with_epilogue(x: Int8, epilogue: Epilogue, residual: Int8 | None) -> Int8:
    if epilogue.table is not None:
        x = epilogue.table[x.astype(np.int64) + 128]
    if epilogue.add is not None:
        assert residual is not None
        x = add(epilogue.add, x, residual)
    return x
