"""Folds each channel_affine into weights: of the layer before it or, failing that, of the layer behind it.

What neither takes stays, and is imported as a 1 x 1 depthwise convolution.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from paddle_cortexm.compiler.frontend.paddle.channel_affine import AFFINE, Vector, gain_and_offset, with_affine
from paddle_cortexm.compiler.frontend.paddle.program import Array, PaddleOperator, PaddleProgram

CONVOLUTIONS = ("conv2d", "depthwise_conv2d")
PRODUCTS = ("matmul_v2", "mul")
RESHAPES = ("flatten_contiguous_range", "flatten2", "reshape2", "squeeze2", "unsqueeze2")


def fold_affines(program: PaddleProgram) -> PaddleProgram:
    """The program with as few channel_affines as possible. A folded layer's result has the last folded name."""
    for result in _affine_results(program):
        program = _fold_backward(program, result)
    for result in _affine_results(program):
        program = _fold_forward(program, result)
    return program


def _affine_results(program: PaddleProgram) -> list[str]:
    return [op.output for op in program.operators if op.kind == AFFINE]


def _fold_backward(program: PaddleProgram, result: str) -> PaddleProgram:
    """Into the producer of the affine's input, if nobody else reads that."""
    program, result = _before_reshapes(program, result)
    affine = program.producer(result)
    assert affine is not None
    producer = program.producer(affine.input("X"))
    if producer is None or not program.is_read_once(producer.output):
        return program
    gain, offset = gain_and_offset(program, affine)
    if producer.kind == AFFINE:
        inner_gain, inner_offset = gain_and_offset(program, producer)
        program = with_affine(program, affine, producer.input("X"), inner_gain * gain, inner_offset * gain + offset)
        return program.replacing({producer.output: ()})
    if not _has_weights(program, producer):
        return program
    weights = _weights(program, producer) * _along_outputs(producer, gain)
    bias = _bias(program, producer, len(gain)) * gain + offset
    layer, parameters = _reweighted(program, producer, weights, bias, result)
    return program.replacing({producer.output: (layer,), result: ()}, parameters=parameters)


def _before_reshapes(program: PaddleProgram, result: str) -> tuple[PaddleProgram, str]:
    """The affine before the reshapes that keep its channels, where nobody else reads these; its result's name then."""
    affine = program.producer(result)
    assert affine is not None
    reshape = program.producer(affine.input("X"))
    if reshape is None or reshape.kind not in RESHAPES or not reshape.attributes.get("in_order"):
        return program, result
    source, middle = reshape.input("X"), reshape.output
    if not program.is_read_once(middle) or program.channels(source) != program.channels(middle):
        return program, result
    earlier = replace(affine, inputs=affine.inputs | {"X": (source,)}, outputs={"Out": (middle,)})
    later = replace(reshape, inputs={"X": (middle,)}, outputs={"Out": (result,)})
    channels_last = program.channels_last - {middle} | ({middle} if source in program.channels_last else set())
    shapes = program.shapes | {middle: program.shapes[source]}
    program = program.replacing({middle: (earlier,), result: (later,)}, shapes=shapes, channels_last=channels_last)
    return _before_reshapes(program, middle)


def _fold_forward(program: PaddleProgram, result: str) -> PaddleProgram:
    """Into the weights behind the affine, through reshapes; an offset only where no padding stands beside it."""
    affine = program.producer(result)
    assert affine is not None
    gain, offset = gain_and_offset(program, affine)
    reader = _only_reader(program, result)
    while reader is not None and reader.kind in RESHAPES:
        channels = program.channels(reader.output)
        if channels % len(gain):
            return program
        spread = np.tile if reader.attributes.get("in_order") else np.repeat
        gain, offset = (spread(values, channels // len(gain)) for values in (gain, offset))
        reader = _only_reader(program, reader.output)
    if reader is None or not _has_weights(program, reader) or (offset.any() and _is_padded(reader)):
        return program
    weights = _weights(program, reader)
    if len(gain) != _inputs(reader, weights):
        return program
    bias = _bias(program, reader, _outputs(reader, weights)) + _response(reader, weights, offset)
    layer, parameters = _reweighted(
        program, reader, weights * _along_inputs(reader, weights, gain), bias, reader.output
    )
    program = program.replacing({reader.output: (layer,)}, parameters=parameters)
    return program.without(affine, affine.input("X"))


def _only_reader(program: PaddleProgram, tensor: str) -> PaddleOperator | None:
    return program.readers(tensor)[0] if program.is_read_once(tensor) else None


# --- a layer with weights: convolutions (O, I / groups, H, W), products (I, O) or, transposed, (O, I) ----------------


def _slot(op: PaddleOperator) -> str:
    return "Filter" if op.kind in CONVOLUTIONS else "Y"


def _has_weights(program: PaddleProgram, op: PaddleOperator) -> bool:
    """True for a layer the import will take: constant weights; of a product, a plain matrix."""
    if op.kind not in (*CONVOLUTIONS, *PRODUCTS) or op.input(_slot(op)) not in program.parameters:
        return False
    return op.kind in CONVOLUTIONS or program.parameters[op.input(_slot(op))].ndim == 2


def _weights(program: PaddleProgram, op: PaddleOperator) -> Vector:
    return program.parameters[op.input(_slot(op))].astype(np.float64)


def _bias(program: PaddleProgram, op: PaddleOperator, channels: int) -> Vector:
    if not op.has_input("Bias"):
        return np.zeros(channels)
    return program.parameters[op.input("Bias")].astype(np.float64).reshape(-1)


def _is_transposed(op: PaddleOperator) -> bool:
    return bool(op.attributes.get("trans_y"))


def _outputs(op: PaddleOperator, weights: Vector) -> int:
    return weights.shape[0] if op.kind in CONVOLUTIONS or _is_transposed(op) else weights.shape[1]


def _inputs(op: PaddleOperator, weights: Vector) -> int:
    if op.kind in CONVOLUTIONS:
        return weights.shape[1] * int(op.attributes["groups"])
    return weights.shape[1] if _is_transposed(op) else weights.shape[0]


def _is_padded(op: PaddleOperator) -> bool:
    if op.kind in PRODUCTS or op.attributes["padding_algorithm"] == "VALID":
        return False
    return op.attributes["padding_algorithm"] == "SAME" or any(op.attributes["paddings"])


def _along_outputs(op: PaddleOperator, values: Vector) -> Vector:
    """The values in the shape that broadcasts over the weights, one value an output channel."""
    if op.kind in CONVOLUTIONS:
        return values[:, None, None, None]
    return values[:, None] if _is_transposed(op) else values[None, :]


def _along_inputs(op: PaddleOperator, weights: Vector, values: Vector) -> Vector:
    """The same, one value an input channel."""
    if op.kind in CONVOLUTIONS:
        of_groups = values.reshape(int(op.attributes["groups"]), -1)
        return of_groups.repeat(len(weights) // len(of_groups), axis=0)[:, :, None, None]
    return values[None, :] if _is_transposed(op) else values[:, None]


def _response(op: PaddleOperator, weights: Vector, offset: Vector) -> Vector:
    """What a constant input of `offset` a channel adds to every output channel."""
    contributions = weights * _along_inputs(op, weights, offset)
    if op.kind in CONVOLUTIONS:
        return contributions.sum(axis=(1, 2, 3))
    return contributions.sum(axis=1 if _is_transposed(op) else 0)


def _reweighted(
    program: PaddleProgram, op: PaddleOperator, weights: Vector, bias: Vector, result: str
) -> tuple[PaddleOperator, dict[str, Array]]:
    """The layer with other weights and a bias, making `result`, and the parameters with those."""
    names = {_slot(op): f"{result}.weights", "Bias": f"{result}.bias"}
    inputs = op.inputs | {slot: (name,) for slot, name in names.items()}
    output_slot = "Output" if op.kind in CONVOLUTIONS else "Out"
    layer = replace(op, inputs=inputs, outputs={output_slot: (result,)})
    added = {names[_slot(op)]: weights.astype(np.float32), names["Bias"]: bias.astype(np.float32)}
    return layer, program.parameters | added
