"""Constants as the matrix kernels (app/runtime/helium/matrix_s8.h) read them, and their C parameter structs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.backends.helium.parts.structs import declaration
from paddle_cortexm.compiler.kernels.kernel import Constant, Rejection
from paddle_cortexm.compiler.operators.elementwise.add import IntegerAdd
from paddle_cortexm.compiler.operators.parts.base import Int8Array, Int32Array
from paddle_cortexm.compiler.operators.parts.requantisation import Requantisation
from paddle_cortexm.compiler.operators.weights.weighted import Epilogue
from paddle_cortexm.compiler.tensor import ENDS

BLOCK = 16  # values a vector has: the depth is filled up to a multiple
CHANNELS_MULTIPLE = 4  # the kernels multiply so many channels at a time
GROUP = 8  # channels that share a run of constants
SMALLEST_SHIFT = -31  # of a vector shift to the right
RUN_CHANNELS = 96  # computed at a time
PIXELS = 3  # computed at a time
ADDEND_SHIFT: dict[str, int] = {"int8": 22, "int16": 17}  # of differences of 9 and 15 bits: all that 32 leave
MATRIX_ASSERTIONS = (
    f"HELIUM_GEMM_BLOCK == {BLOCK}",
    f"HELIUM_GEMM_CHANNELS_MULTIPLE == {CHANNELS_MULTIPLE}",
    f"HELIUM_GEMM_CHANNELS == {RUN_CHANNELS}",
    f"HELIUM_GEMM_PIXELS == {PIXELS}",
    f"HELIUM_MATRIX_GROUP == {GROUP}",
)
ADD_ASSERTIONS = (
    f"HELIUM_ADDEND_SHIFT == {ADDEND_SHIFT['int8']}",
    f"HELIUM_ADDEND_SHIFT_S16 == {ADDEND_SHIFT['int16']}",
)
LARGEST_INPUT: dict[str, int] = {dtype: max(map(abs, ends)) for dtype, ends in ENDS.items()}
INT32 = np.iinfo(np.int32)


@dataclass(frozen=True)
class Matrix:
    """A layer's weights as rows (channels, depth), with all that follows the sum of products."""

    weight: Int8Array
    bias: Int32Array
    input_zero_point: int
    requantisation: Requantisation
    epilogue: Epilogue

    @property
    def depth(self) -> int:
        return self.weight.shape[1]

    @property
    def channels(self) -> int:
        return self.weight.shape[0]


def matrix_constants(matrix: Matrix, block: int = BLOCK, packs: int = 1) -> tuple[Constant, ...]:
    """`weights`, `constants` and, where the epilogue has one, `table`. packs: equal parts of the channels, each filled
    up for itself."""
    weights = [packed_weights(rows, block) for rows in np.split(matrix.weight, packs)]
    constants = [
        Constant("weights", np.concatenate(weights)),
        Constant("constants", packed_constants(matrix, packs), "hot"),
    ]
    if matrix.epilogue.table is not None:
        constants.append(Constant("table", packed_table(matrix.epilogue.table.table, matrix.requantisation), "hot"))
    return tuple(constants)


def matrix_rejection(matrix: Matrix, source: str = "int8") -> Rejection | None:
    """Why the kernels cannot compute this matrix exactly, or None. source: of the input."""
    rejection = sum_rejection(_folded_bias(matrix), np.abs(matrix.weight.astype(np.int64)).sum(axis=1), source)
    if rejection is not None:
        return rejection
    return None if matrix.epilogue.add is None else add_rejection(matrix.epilogue.add)


def sum_rejection(
    folded_bias: NDArray[np.int64], weight_sums: NDArray[np.int64], source: str = "int8"
) -> Rejection | None:
    """Why a layer's sums may not fit 32 bits, or None. weight_sums: of a channel's absolute weights; source: of the
    input."""
    if (np.abs(folded_bias) + LARGEST_INPUT[source] * weight_sums > INT32.max).any():
        return Rejection("bias (with the input zero point folded in) and products may exceed 32 bits")
    return None


def matrix_scratch(matrix: Matrix, pixels: int = PIXELS) -> int:
    """Bytes: HELIUM_MATRIX_SCRATCH. For one pixel (and a depth that has a kernel for one) less."""
    results = PIXELS * RUN_CHANNELS if matrix.epilogue.add is not None else 0
    pixels, last = _accumulators(matrix, pixels)
    return results + 4 * ((pixels - 1) * RUN_CHANNELS + last)


def matrix_assertions(matrix: Matrix, pixels: int = PIXELS) -> tuple[str, ...]:
    """What packing and matrix_scratch assume of matrix_s8.h."""
    adds = matrix.epilogue.add is not None
    used, last = _accumulators(matrix, pixels)
    scratch = f"HELIUM_MATRIX_SCRATCH(HELIUM_MATRIX_ACCUMULATORS({used}, {last}), {int(adds)})"
    assumed = f"{scratch} == {matrix_scratch(matrix, pixels)}"
    return (*MATRIX_ASSERTIONS, assumed, *(ADD_ASSERTIONS if adds else ()))


def _accumulators(matrix: Matrix, pixels: int) -> tuple[int, int]:
    """Pixels that have accumulators (all a call can compute, unless it has one and the depth a kernel for one), and how
    many the last of them has."""
    last = min(RUN_CHANNELS, _round_up(matrix.channels, GROUP))
    return (1 if pixels == 1 and matrix.depth > 2 * BLOCK else PIXELS), last


def packed_weights(weight: Int8Array, block: int = BLOCK) -> Int8Array:
    """Channels in pairs; of a pair a block of weights of the one, a block of the other, and so on. Zeros fill up."""
    channels, depth = weight.shape
    padded = np.zeros((_round_up(channels, CHANNELS_MULTIPLE), _round_up(depth, block)), np.int8)
    padded[:channels, :depth] = weight
    pairs = padded.reshape(-1, 2, padded.shape[1] // block, block)
    return np.ascontiguousarray(pairs.transpose(0, 2, 1, 3)).reshape(-1)


def packed_constants(matrix: Matrix, packs: int = 1) -> Int32Array:
    """Bias, multiplier, shift and, where some channel needs it, left shift of 8 channels, then of the next 8.

    Of the 8, the channels 0, 2, 4, 6 come first: so they leave and enter the narrowing of vectors. The exponent e of a
    scale below 1/2 is the shift; otherwise the accumulator is shifted left by e + 1, and the shift is -1.
    """
    requantisation, channels = matrix.requantisation, matrix.channels
    exponent = np.broadcast_to(requantisation.shift, channels)
    columns = [
        _folded_bias(matrix).astype(np.int32),
        np.broadcast_to(requantisation.multiplier, channels),
        np.clip(exponent, SMALLEST_SHIFT, -1),
    ]
    if needs_left_shift(requantisation):
        columns.append(np.maximum(exponent + 1, 0))
    own = np.stack(columns).reshape(len(columns), packs, channels // packs)
    padded = np.pad(own, ((0, 0), (0, 0), (0, -own.shape[2] % GROUP))).reshape(len(columns), -1).astype(np.int32)
    return np.ascontiguousarray(_even_then_odd(padded).transpose(1, 0, 2)).reshape(-1)


def needs_left_shift(requantisation: Requantisation) -> bool:
    """True when some scale is 1/2 or more."""
    return bool((requantisation.shift >= 0).any())


def packed_table(table: Int8Array, requantisation: Requantisation) -> Int8Array:
    """The table in the order of the values' bit patterns, 0 ... 127, -128 ... -1. The clamp in front is folded in."""
    clamped = np.clip(np.arange(-128, 128), requantisation.minimum, requantisation.maximum)
    return np.roll(table[clamped + 128], 128)


def matrix_declaration(matrix: Matrix) -> str:
    """The C lines that declare `matrix` and, where there is one, the residual addition it points to."""
    return epilogue_declaration(matrix.epilogue) + declaration("helium_matrix_s8_t", "matrix", matrix_fields(matrix))


def matrix_fields(matrix: Matrix) -> dict[str, Any]:
    """The fields of helium_matrix_s8_t."""
    r, epilogue = matrix.requantisation, matrix.epilogue
    has_table = epilogue.table is not None
    minimum, maximum = (-128, 127) if has_table else (r.minimum, r.maximum)
    return {
        "weights": "$weights",
        "constants": "$constants",
        "depth": matrix.depth,
        "channels": matrix.channels,
        "has_left_shift": int(needs_left_shift(r)),
        "zero_point": r.output_zero_point,
        "minimum": minimum,
        "maximum": maximum,
        "epilogue": {
            "table": "$table" if has_table else "NULL",
            "add": "&residual_add" if epilogue.add is not None else "NULL",
        },
    }


def epilogue_declaration(epilogue: Epilogue) -> str:
    """The C line that declares the residual addition's parameters, where there is one: `residual_add`."""
    return "" if epilogue.add is None else declaration("helium_add_t", "residual_add", add_fields(epilogue.add))


def add_fields(add: IntegerAdd) -> dict[str, Any]:
    """The fields of helium_add_t."""
    shift = add.shifts[2]
    return {
        "first": _addend(add, 0),
        "second": _addend(add, 1),
        "left_shift": max(shift + 1, 0),
        "multiplier": add.multipliers[2],
        "shift": right_shift(shift),
        "zero_point": add.output_zero_point,
        "minimum": add.minimum,
        "maximum": add.maximum,
    }


def add_rejection(add: IntegerAdd) -> Rejection | None:
    """Why an addition cannot be computed exactly in 32 bits, or None."""
    if max(_addend_exponent(add, i) for i in range(2)) > -1:
        shift = ADDEND_SHIFT[add.dtype]
        return Rejection(f"an operand of the addition would have to be shifted left by more than {shift} bits")
    return None


def _addend(add: IntegerAdd, i: int) -> dict[str, int]:
    """The fields of helium_addend_t."""
    return {
        "zero_point": add.zero_points[i],
        "left_shift": ADDEND_SHIFT[add.dtype],
        "multiplier": add.multipliers[i],
        "shift": right_shift(_addend_exponent(add, i)),
    }


def _addend_exponent(add: IntegerAdd, i: int) -> int:
    """The exponent that goes with a left shift of ADDEND_SHIFT: the product stays the same."""
    return add.shifts[i] + add.left_shift - ADDEND_SHIFT[add.dtype]


def right_shift(exponent: int) -> int:
    """An exponent as a vector's shift to the right, a negative number; below it everything is 0."""
    return max(min(exponent, -1), SMALLEST_SHIFT)


def _folded_bias(matrix: Matrix) -> NDArray[np.int64]:
    """bias - input zero point * sum of the weights."""
    return matrix.bias.astype(np.int64) - matrix.input_zero_point * matrix.weight.astype(np.int64).sum(axis=1)


def _even_then_odd(values: Int32Array) -> Int32Array:
    """(n, channels) -> (n, groups, 8), in each group the even channels first."""
    return values.reshape(values.shape[0], -1, GROUP // 2, 2).swapaxes(2, 3).reshape(values.shape[0], -1, GROUP)


def _round_up(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple
