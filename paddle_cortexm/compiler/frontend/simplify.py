"""Rewrites on the Paddle program before import: batch norm, constant factors and reshaped parameters fold away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from paddle_cortexm.compiler.frontend.program import Array, PaddleOperator, PaddleProgram
from paddle_cortexm.errors import UserError

CONVOLUTIONS = ("conv2d", "depthwise_conv2d")
IDENTITIES = ("assign", "dropout", "scale")


def simplify(program: PaddleProgram) -> PaddleProgram:
    """The program without batch norm, dropout, constant scale and reshape of parameters; same results."""
    program = _fold_parameter_reshapes(program)
    program = _remove_identities(program)
    return _fold_batch_norms(program)


def producer_of(program: PaddleProgram, tensor: str) -> PaddleOperator | None:
    return next((op for op in program.operators if any(tensor in names for names in op.outputs.values())), None)


def readers_of(program: PaddleProgram, tensor: str) -> list[PaddleOperator]:
    return [op for op in program.operators if any(tensor in names for names in op.inputs.values())]


def _fold_parameter_reshapes(program: PaddleProgram) -> PaddleProgram:
    parameters, kept = dict(program.parameters), []
    for op in program.operators:
        source = op.inputs.get("X", ("",))[0]
        if op.kind == "reshape2" and source in parameters:
            parameters[op.output()] = parameters[source].reshape(op.attributes["shape"])
        else:
            kept.append(op)
    return replace(program, operators=tuple(kept), parameters=parameters)


def _factor(op: PaddleOperator) -> float:
    """The constant an identity-like operator multiplies by at inference."""
    if op.kind == "dropout":
        downgrades = op.attributes.get("dropout_implementation") == "downgrade_in_infer"
        return 1.0 - op.attributes["dropout_prob"] if downgrades else 1.0
    if op.kind == "scale":
        if op.attributes.get("bias", 0.0):
            raise UserError(f"scale (tensor '{op.output()}'): a bias is not supported; fold it into the layer before")
        return float(op.attributes["scale"])
    return 1.0


def _remove_identities(program: PaddleProgram) -> PaddleProgram:
    """Drop assign, dropout and scale; a factor goes into the weights of the next matrix product or convolution."""
    for op in program.operators:
        if op.kind in IDENTITIES:
            factor, source, result = _factor(op), op.input("X"), op.output()
            if factor != 1.0:
                program = _scale_weights_after(program, result, factor)
            program = _without(program, op, {result: source})
    return program


def _scale_weights_after(program: PaddleProgram, tensor: str, factor: float) -> PaddleProgram:
    """Multiply the weights of the first layer with weights behind `tensor`, through reshapes and pools only."""
    readers = readers_of(program, tensor)
    if len(readers) == 1:
        op = readers[0]
        slot = "Filter" if op.kind in CONVOLUTIONS else "Y"
        weights = op.inputs.get(slot, ("",))[0]
        if op.kind in (*CONVOLUTIONS, "matmul_v2", "mul") and weights in program.parameters:
            scaled = (program.parameters[weights] * np.float32(factor)).astype(np.float32)
            return replace(program, parameters=program.parameters | {weights: scaled})
        if op.kind in ("flatten_contiguous_range", "reshape2", "pool2d", "squeeze2"):
            return _scale_weights_after(program, op.output(), factor)
    raise UserError(f"tensor '{tensor}': its constant factor {factor} has no weights behind it to go into")


def _fold_batch_norms(program: PaddleProgram) -> PaddleProgram:
    """Batch norm behind a convolution becomes its weights and a bias (named TENSOR.bias)."""
    for op in program.operators:
        if op.kind != "batch_norm":
            continue
        source = op.input("X")
        convolution = producer_of(program, source)
        if convolution is None or convolution.kind not in CONVOLUTIONS or len(readers_of(program, source)) != 1:
            raise UserError(f"batch_norm (tensor '{op.output('Y')}'): only directly behind a convolution is supported")
        program = _fold_batch_norm(program, convolution, op)
    return program


def _fold_batch_norm(program: PaddleProgram, convolution: PaddleOperator, op: PaddleOperator) -> PaddleProgram:
    value: Callable[[str], Array] = lambda slot: program.parameters[op.input(slot)].astype(np.float64)  # noqa: E731
    gain = value("Scale") / np.sqrt(value("Variance") + op.attributes["epsilon"])
    filter_name, result = convolution.input("Filter"), op.output("Y")
    weights = (program.parameters[filter_name] * gain[:, None, None, None]).astype(np.float32)
    bias = (value("Bias") - value("Mean") * gain).astype(np.float32)
    names = {"weights": f"{result}.weights", "bias": f"{result}.bias"}
    folded = replace(
        convolution,
        inputs=convolution.inputs | {"Filter": (names["weights"],), "Bias": (names["bias"],)},
        outputs={"Output": (result,)},
    )
    operators = tuple(folded if x is convolution else x for x in program.operators if x is not op)
    added = {names["weights"]: weights, names["bias"]: bias}
    return replace(program, operators=operators, parameters=program.parameters | added)


def _without(program: PaddleProgram, gone: PaddleOperator, renamed: dict[str, str]) -> PaddleProgram:
    """The program without one operator, its result replaced by its source everywhere."""

    def rename(op: PaddleOperator) -> PaddleOperator:
        return replace(op, inputs={s: tuple(renamed.get(n, n) for n in names) for s, names in op.inputs.items()})

    operators = tuple(rename(op) for op in program.operators if op is not gone)
    return replace(program, operators=operators, output=renamed.get(program.output, program.output))
