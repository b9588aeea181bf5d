"""Programs that PaddleSlim quantised, in float again, with the scales that they were given.

Activations lose their quantisers; each leaves its threshold, the real value of 127 steps. Weights become the real
values of their integers. Sources: paddle/static/quantization/quantization_pass.py; quantize_linear and
dequantize_linear are its `onnx_format`, the fake_* operators the formats before and that of training.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.frontend.exported.opened import Opened
from paddle_cortexm.compiler.frontend.paddle.program import Array, PaddleOperator, PaddleProgram

STEPS = 127
ON_THE_GRID = 1e-3  # of a step: what float32 leaves of an integer
QUANTISE = ("quantize_linear", "fake_quantize_range_abs_max", "fake_quantize_moving_average_abs_max")
BOTH = ("fake_quantize_dequantize_moving_average_abs_max", "fake_quantize_dequantize_abs_max")
OBSERVER = "moving_average_abs_max_scale"
PRODUCT, CHANNEL_PRODUCT = "fake_dequantize_max_abs", "fake_channel_wise_dequantize_max_abs"
THRESHOLD = "out_threshold"  # attribute of an operator: of its result
SCALE_SLOTS = ("Scale", "InScale", "OutScale")


@dataclass
class _Found:
    """aliases: the tensor that stands for one whose quantiser is gone; weights: of the old format, in real values."""

    aliases: dict[str, str] = field(default_factory=dict)
    thresholds: dict[str, float] = field(default_factory=dict)
    weights: dict[str, Array] = field(default_factory=dict)


def without_quantisers(opened: Opened) -> tuple[Opened, dict[str, float]]:
    """The program in float, and the threshold of each tensor that has one; a program without any as it is."""
    found, kept = _Found(), list[PaddleOperator]()
    constants = set(opened.parameters)
    for op in opened.operators:
        op = _reading(op, found.aliases)
        is_weights = op.kind in BOTH and op.input("X") in constants
        if op.kind in (*QUANTISE, *BOTH, OBSERVER) and not is_weights:
            found.aliases[op.output] = op.input("X")
            if op.input("X") not in constants:
                found.thresholds[op.input("X")] = _threshold(opened, op)
        elif op.kind == "dequantize_linear" and op.input("X") not in constants:
            found.aliases[op.output] = op.input("X")
        elif op.kind in (PRODUCT, CHANNEL_PRODUCT):
            name, values = _real_weights(opened, kept, op)
            found.weights[name] = values
            found.aliases[op.output] = op.input("X")
        else:
            if all(name in constants for names in op.inputs.values() for name in names):
                constants |= {name for names in op.outputs.values() for name in names}
            elif THRESHOLD in op.attributes:
                found.thresholds.setdefault(op.output, float(op.attributes[THRESHOLD]))
            kept.append(op)
    outputs = tuple(found.aliases.get(name, name) for name in opened.outputs)
    parameters = {**opened.parameters, **found.weights}
    return replace(opened, operators=tuple(kept), parameters=parameters, outputs=outputs), found.thresholds


def _reading(op: PaddleOperator, aliases: Mapping[str, str]) -> PaddleOperator:
    inputs = {slot: tuple(aliases.get(name, name) for name in names) for slot, names in op.inputs.items()}
    return replace(op, inputs=inputs)


def _threshold(opened: Opened, op: PaddleOperator) -> float:
    name = next((op.input(slot) for slot in SCALE_SLOTS if op.has_input(slot)), "")
    values = opened.parameters.get(name)
    if values is None or values.size != 1:
        raise op.mistake("only activations with one constant scale a tensor are supported")
    bits = op.attributes.get("bit_length", 8)
    if bits != 8:
        raise op.mistake(f"{bits} bits are not supported, only 8")
    return float(values.reshape(-1)[0])


def _real_weights(opened: Opened, before: list[PaddleOperator], op: PaddleOperator) -> tuple[str, Array]:
    """Name and real values of the weights of the product that `op` multiplies by its scales: until `onnx_format`
    programs computed with integers held in floats."""
    product = next(other for other in before if other.output == op.input("X"))
    name = product.input("Filter" if product.has_input("Filter") else "Y")
    weights = opened.parameters[name].astype(np.float64)
    return name, (weights * _step(opened, op, product, weights)).astype(np.float32)


def weight_steps(program: PaddleProgram) -> dict[str, NDArray[np.float64]]:
    """For weights that have one scale a tensor, by the name of their layer: the largest step of each output channel.
    With a scale a channel it is always 127."""
    steps: dict[str, NDArray[np.float64]] = {}
    for op in program.operators:
        slot = "Filter" if op.has_input("Filter") else "Y"
        weights = program.parameters.get(op.input(slot)) if op.has_input(slot) else None
        if weights is None or weights.ndim not in (2, 4) or not weights.any():
            continue
        integers = weights.astype(np.float64) * (STEPS / np.abs(weights).max())
        if np.abs(integers - np.round(integers)).max() < ON_THE_GRID:
            axis = 0 if slot == "Filter" or op.attributes.get("trans_y") else weights.ndim - 1
            rows = np.moveaxis(integers, axis, 0).reshape(weights.shape[axis], -1)
            steps[op.parameter] = np.round(np.abs(rows).max(axis=1))
    return steps


def _step(opened: Opened, op: PaddleOperator, product: PaddleOperator, weights: Array) -> NDArray[np.float64]:
    """The real value of one step of the weights, in a shape that broadcasts over them."""
    if op.kind == PRODUCT:
        return np.array(STEPS / op.attributes["max_range"])
    scales = opened.parameters[op.inputs["Scales"][0]].astype(np.float64).reshape(-1)
    axis = 0 if product.has_input("Filter") else weights.ndim - 1
    return scales.reshape([-1 if i == axis else 1 for i in range(weights.ndim)]) / STEPS
