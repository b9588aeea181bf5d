"""Takes off the beginning of a program what is done to the image before the first layer.

A change of type goes; so do NHWC to NCHW and a resize, as the image comes in the right order and size. Reversed or
reordered channels go into the first convolution. What is left is a factor and an offset a channel: the normalisation,
which the config states and the preprocessing does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.frontend.paddle.channel_affine import ARITHMETIC, aligned_shape
from paddle_cortexm.compiler.frontend.paddle.program import PaddleOperator, PaddleProgram

RESIZES = ("bilinear_interp_v2", "nearest_interp_v2", "bicubic_interp_v2", "bilinear_interp", "nearest_interp")
TO_NCHW = [0, 3, 1, 2]


@dataclass(frozen=True)
class ImageSteps:
    """What was taken off: (C,) each, in the order of the input's channels; takes_bytes: whether the image comes as
    integers of 0 to 255; notes: what the user has to know."""

    gain: NDArray[np.float64]
    offset: NDArray[np.float64]
    takes_bytes: bool = False
    notes: tuple[str, ...] = ()

    @property
    def normalises(self) -> bool:
        return bool((self.gain != 1).any() or self.offset.any())


@dataclass(frozen=True)
class _State:
    """axis: of the channels; order: for each channel the input's that it is."""

    axis: int
    order: NDArray[np.int64]
    gain: NDArray[np.float64]
    offset: NDArray[np.float64]
    takes_bytes: bool = False
    notes: tuple[str, ...] = ()


def without_image_steps(program: PaddleProgram) -> tuple[PaddleProgram, ImageSteps]:
    """The program from its first layer on; its input is float32, NCHW. Raises UserError for reordered channels that no
    convolution takes."""
    shape = program.shapes[program.input]
    first = _first_reader(program)
    axis = 3 if _moves_channels_forward(program, first) else 1
    channels = shape[axis]
    state = _State(axis, np.arange(channels), np.ones(channels), np.zeros(channels))
    while (op := _first_reader(program)) is not None and (after := _after(program, op, state)) is not None:
        shapes = program.shapes | {program.input: program.shapes[op.output]}
        program, state = replace(program.without(op, program.input), shapes=shapes), after
    program = _with_ordered_channels(program, state.order)
    in_order = np.argsort(state.order)
    return program, ImageSteps(state.gain[in_order], state.offset[in_order], state.takes_bytes, state.notes)


def _first_reader(program: PaddleProgram) -> PaddleOperator | None:
    readers = program.readers(program.input)
    return readers[0] if len(readers) == 1 and program.output != program.input else None


def _moves_channels_forward(program: PaddleProgram, op: PaddleOperator | None) -> bool:
    """Whether the image comes as NHWC: the first transposition says so."""
    while op is not None:
        if op.kind == "transpose2":
            return list(op.attributes["axis"]) == TO_NCHW
        readers = program.readers(op.output)
        is_arithmetic = op.kind in ("cast", "scale", "flip", "strided_slice", "index_select", "gather", *ARITHMETIC)
        op = readers[0] if is_arithmetic and len(readers) == 1 else None
    return False


def _after(program: PaddleProgram, op: PaddleOperator, state: _State) -> _State | None:
    """The state behind the operator; None for one that is no such step."""
    if op.kind == "cast":
        return replace(state, takes_bytes=True)
    if op.kind == "transpose2" and state.axis == 3 and list(op.attributes["axis"]) == TO_NCHW:
        return replace(state, axis=1)
    if op.kind in RESIZES and state.axis == 1:
        before, after = (" × ".join(map(str, program.shapes[name][2:])) for name in (program.input, op.output))
        note = f"the program resizes its image itself, from {before} to {after}: the preprocessing does it instead"
        return replace(state, notes=(*state.notes, note))
    if op.kind == "scale":
        factor, bias = float(op.attributes["scale"]), float(op.attributes["bias"])
        added = bias if op.attributes.get("bias_after_scale", True) else bias * factor
        return replace(state, gain=state.gain * factor, offset=state.offset * factor + added)
    if op.kind in ARITHMETIC:
        return _after_arithmetic(program, op, state)
    chosen = _chosen_channels(program, op, state)
    if chosen is None:
        return None
    return replace(state, order=state.order[chosen], gain=state.gain[chosen], offset=state.offset[chosen])


def _after_arithmetic(program: PaddleProgram, op: PaddleOperator, state: _State) -> _State | None:
    """With a constant for each channel, or one for all."""
    constant = program.parameters.get(op.input("Y"))
    if constant is None:
        return None
    shape = program.shapes[op.input("X")]
    aligned = aligned_shape(constant.shape, len(shape), op.attributes.get("axis", -1))
    if len(aligned) != len(shape) or any(n != 1 for i, n in enumerate(aligned) if i != state.axis):
        return None
    values = np.broadcast_to(constant.reshape(-1).astype(np.float64), state.gain.shape)
    match op.kind:
        case "elementwise_add":
            return replace(state, offset=state.offset + values)
        case "elementwise_sub":
            return replace(state, offset=state.offset - values)
        case "elementwise_mul":
            return replace(state, gain=state.gain * values, offset=state.offset * values)
    return replace(state, gain=state.gain / values, offset=state.offset / values)


def _chosen_channels(program: PaddleProgram, op: PaddleOperator, state: _State) -> NDArray[np.int64] | None:
    """The present channel that each channel behind the operator is, where it only puts them in another order."""
    numbers, attributes = np.arange(len(state.order)), op.attributes
    match op.kind:
        case "flip":
            chosen = numbers[::-1] if [axis % 4 for axis in attributes["axis"]] == [state.axis] else None
        case "strided_slice":
            is_reversal = [axis % 4 for axis in attributes["axes"]] == [state.axis] and attributes["strides"] == [-1]
            chosen = numbers[::-1] if is_reversal else None
        case "index_select" | "gather":
            axis, index = attributes.get("dim", attributes.get("axis", 0)), program.parameters.get(op.input("Index"))
            chosen = None if index is None or axis % 4 != state.axis else index.reshape(-1).astype(np.int64)
        case _:
            return None
    is_order = chosen is not None and np.array_equal(np.sort(chosen), numbers)
    return chosen if is_order and program.shapes[op.output] == program.shapes[program.input] else None


def _with_ordered_channels(program: PaddleProgram, order: NDArray[np.int64]) -> PaddleProgram:
    """The program for an image whose channels are in the input's order: whose convolutions read them in theirs."""
    if np.array_equal(order, np.arange(len(order))):
        return program
    parameters, changed = dict(program.parameters), dict[str, tuple[PaddleOperator, ...]]()
    for op in program.readers(program.input):
        if op.kind != "conv2d" or op.attributes["groups"] != 1 or op.input("Filter") not in parameters:
            raise op.mistake(
                "the program puts the image's channels in another order, and what reads them is no plain convolution. "
                "Export it without that, and set data.colour"
            )
        name = f"{op.output}.ordered_weights"
        parameters[name] = np.ascontiguousarray(parameters[op.input("Filter")][:, np.argsort(order)])
        changed[op.output] = (replace(op, inputs=op.inputs | {"Filter": (name,)}),)
    return program.replacing(changed, parameters=parameters)
