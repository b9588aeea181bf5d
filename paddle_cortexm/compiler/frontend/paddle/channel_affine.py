"""Finds everything that computes gain * x + offset a channel.

Batch norm, a bias, a constant factor, dropout at inference and arithmetic with a constant all become one operator,
`channel_affine`: input X, parameters Gain and Offset, float64 (C,). frontend/paddle/folding.py takes it from there.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.frontend.paddle.program import PaddleOperator, PaddleProgram

Vector = NDArray[np.float64]
AFFINE = "channel_affine"
ARITHMETIC = ("elementwise_add", "elementwise_sub", "elementwise_mul", "elementwise_div")


def name_affines(program: PaddleProgram) -> PaddleProgram:
    """Every operator of this kind as a `channel_affine` with the same result."""
    for op in program.operators:
        found = _gain_and_offset(program, op)
        if found is not None:
            program = with_affine(program, op, op.input(_tensor_slot(program, op)), *found)
    return program


def with_affine(
    program: PaddleProgram, replaced: PaddleOperator, tensor: str, gain: Vector, offset: Vector
) -> PaddleProgram:
    """The program with an operator replaced by a channel_affine of `tensor` that makes the same output."""
    result = replaced.output
    names = {"Gain": f"{result}.gain", "Offset": f"{result}.offset"}
    inputs: dict[str, tuple[str, ...]] = {"X": (tensor,), **{slot: (name,) for slot, name in names.items()}}
    affine = PaddleOperator(AFFINE, inputs, {"Out": (result,)}, {}, replaced.parameter)
    parameters = program.parameters | {names["Gain"]: gain, names["Offset"]: offset}
    return program.replacing({result: (affine,)}, parameters=parameters)


def gain_and_offset(program: PaddleProgram, affine: PaddleOperator) -> tuple[Vector, Vector]:
    """The parameters of a channel_affine."""
    gain, offset = (program.parameters[affine.input(slot)].astype(np.float64) for slot in ("Gain", "Offset"))
    return gain, offset


def aligned_shape(shape: tuple[int, ...], rank: int, axis: int) -> tuple[int, ...]:
    """A shape as Paddle broadcasts it against a tensor of that rank: it starts at `axis` (-1: it ends at the end)."""
    start = rank - len(shape) if axis == -1 else axis
    return (1,) * start + shape + (1,) * (rank - start - len(shape))


def dropout_factor(op: PaddleOperator) -> float:
    """What dropout multiplies by at inference: 1 - probability if training did not scale up instead."""
    downgrades = op.attributes.get("dropout_implementation", "downgrade_in_infer") == "downgrade_in_infer"
    return 1.0 - op.attributes["dropout_prob"] if downgrades else 1.0


def _tensor_slot(program: PaddleProgram, op: PaddleOperator) -> str:
    """The slot of the operand that is not a constant."""
    return "Y" if op.kind in ARITHMETIC and op.input("X") in program.parameters else "X"


def _gain_and_offset(program: PaddleProgram, op: PaddleOperator) -> tuple[Vector, Vector] | None:
    """Gain and offset (C,), or None for an operator of another kind."""
    if op.kind in ("batch_norm", "sync_batch_norm"):
        return _batch_norm(program, op)
    if op.kind == "scale":
        factor, bias = op.attributes["scale"], op.attributes["bias"]
        return _uniform(program, op, factor, bias if op.attributes.get("bias_after_scale", True) else bias * factor)
    if op.kind == "dropout":
        return _uniform(program, op, dropout_factor(op), 0.0)
    if op.kind in ARITHMETIC and (op.input("X") in program.parameters) != (op.input("Y") in program.parameters):
        return _arithmetic(program, op)
    return None


def _uniform(program: PaddleProgram, op: PaddleOperator, gain: float, offset: float) -> tuple[Vector, Vector]:
    shape = program.shapes[op.input("X")]
    if len(shape) < 2:
        raise op.mistake(f"its input has shape {shape}; only tensors with channels are supported")
    channels = program.channels(op.input("X"))
    return np.full(channels, gain, np.float64), np.full(channels, offset, np.float64)


def _batch_norm(program: PaddleProgram, op: PaddleOperator) -> tuple[Vector, Vector]:
    scale, bias, mean, variance = (
        program.parameters[op.input(slot)].astype(np.float64) for slot in ("Scale", "Bias", "Mean", "Variance")
    )
    gain = scale / np.sqrt(variance + op.attributes["epsilon"])
    return gain, bias - mean * gain


def _arithmetic(program: PaddleProgram, op: PaddleOperator) -> tuple[Vector, Vector] | None:
    """A tensor plus, minus, times or over a constant a channel, or one of the first three the other way round."""
    constant_first = op.input("X") in program.parameters
    values = _constant_per_channel(program, op, *("YX" if constant_first else "XY"))
    if values is None:
        return None
    one, zero = np.ones_like(values), np.zeros_like(values)
    match op.kind:
        case "elementwise_add":
            return one, values
        case "elementwise_sub":
            return (-one, values) if constant_first else (one, -values)
        case "elementwise_mul":
            return values, zero
    return None if constant_first else (one / values, zero)


def _constant_per_channel(
    program: PaddleProgram, op: PaddleOperator, tensor_slot: str, constant_slot: str
) -> Vector | None:
    """One value a channel of the tensor; None for any other constant."""
    values, shape = program.parameters[op.input(constant_slot)], program.shapes[op.input(tensor_slot)]
    aligned = aligned_shape(values.shape, len(shape), op.attributes.get("axis", -1))
    channels = program.channel_axis(op.input(tensor_slot))
    if len(shape) < 2 or len(aligned) != len(shape) or any(n != 1 for i, n in enumerate(aligned) if i != channels):
        return None
    if values.size not in (1, shape[channels]):
        return None
    return np.broadcast_to(values.reshape(-1).astype(np.float64), (shape[channels],))
