"""Constants as app/runtime/helium/helium.h lays them out: narrowing order, and shifts split into right and left."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.kernels.kernel import Constant
from paddle_cortexm.compiler.operators.parts.base import Int8Array, Int32Array
from paddle_cortexm.compiler.operators.parts.requantisation import Requantisation

GROUP = 16  # channels whose constants stand together
GROUP_ASSERTIONS = (f"HELIUM_GROUP == {GROUP}",)


def narrowing_order(values: NDArray[np.int32]) -> NDArray[np.int32]:
    """Per-channel values in groups of 16, zeros at the end; entry 4 * j + i of a group is channel 4 * i + j."""
    padded = np.pad(values, (0, -len(values) % GROUP))
    return padded.reshape(-1, 4, 4).transpose(0, 2, 1).reshape(-1).astype(np.int32)


def split_shift(multiplier: int, exponent: int) -> tuple[int, int]:
    """(left, shift): x * 2**exponent as a left shift before the multiplier and a right shift, -31..-1, after it."""
    if multiplier == 0:
        return 0, -1
    return (exponent + 1, -1) if exponent >= 0 else (0, exponent)


def requantise_constants(r: Requantisation, channels: int) -> tuple[Constant, ...]:
    """The arrays of helium_requantise_t: multiplier, shift and, where a channel needs one, left_shift."""
    multiplier = np.broadcast_to(r.multiplier, channels)
    exponents = np.broadcast_to(r.shift, channels)
    pairs = [split_shift(int(m), int(e)) for m, e in zip(multiplier, exponents, strict=True)]
    left, shift = np.array(pairs, np.int32).T
    constants = [
        Constant("multiplier", narrowing_order(multiplier), "hot"),
        Constant("shift", narrowing_order(shift), "hot"),
    ]
    if left.any():
        constants.append(Constant("left_shift", narrowing_order(left), "hot"))
    return tuple(constants)


def requantise_fields(r: Requantisation, constants: tuple[Constant, ...]) -> dict[str, Any]:
    """The fields of helium_requantise_t."""
    return {
        "multiplier": "$multiplier",
        "shift": "$shift",
        "left_shift": "$left_shift" if any(c.name == "left_shift" for c in constants) else "NULL",
        "zero_point": r.output_zero_point,
        "minimum": r.minimum,
        "maximum": r.maximum,
    }


def table_constant(table: Int8Array) -> Constant:
    """A table indexed by x + 128, as one indexed by x as uint8: 0..127, then -128..-1."""
    return Constant("table", np.roll(table, 128), "hot")


def reciprocals_constant(reciprocals: Int32Array) -> Constant:
    """The same of a division's reciprocals."""
    return Constant("reciprocals", np.roll(reciprocals, 128), "hot")
