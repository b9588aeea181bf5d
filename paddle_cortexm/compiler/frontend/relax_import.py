"""Paddle program -> Relax, NHWC from the start: one small function a Paddle operator.

Weights become OHWI (depthwise: O = channels, I = 1). Hard-swish and hard-sigmoid are written out in Relax's primitive
operators; the patterns of compiler/composites.py find them again.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import tvm
from tvm import relax

from paddle_cortexm.compiler.frontend.program import PaddleOperator, PaddleProgram
from paddle_cortexm.errors import UserError


@dataclass(frozen=True)
class RelaxProgram:
    """The Relax module and the Paddle tensor name of every Relax variable name (Relax allows no dots)."""

    module: tvm.IRModule
    tensor_names: dict[str, str]
    input: str
    output: str


@dataclass
class _Import:
    """State of one import: the builder, the Relax variable of every tensor, the shapes before a flatten."""

    program: PaddleProgram
    builder: relax.BlockBuilder
    variables: dict[str, Any]
    tensor_names: dict[str, str]
    flattened: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def emit(self, tensor: str, expression: Any) -> None:
        """Bind the expression to a variable that stands for a Paddle tensor."""
        variable = self.builder.emit(expression, name_hint=relax_name(tensor))
        self.variables[tensor] = variable
        self.tensor_names[variable.name] = tensor

    def value(self, tensor: str) -> Any:
        return self.variables[tensor]

    def shape(self, tensor: str) -> tuple[int, ...]:
        return tuple(int(n) for n in self.variables[tensor].ty.shape)

    def constant(self, tensor: str) -> bool:
        return tensor in self.program.parameters


def relax_name(tensor: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in tensor)


def import_program(program: PaddleProgram) -> RelaxProgram:
    """Import a simplified program. Raises UserError naming an unsupported operator, its tensor and what is allowed."""
    _, channels, height, width = program.input_shape
    source = relax.Var(relax_name(program.input), relax.TensorType((1, height, width, channels), "float32"))
    builder = relax.BlockBuilder()
    state = _Import(program, builder, {program.input: source}, {source.name: program.input})
    with builder.function("main", [source]):
        with builder.dataflow():
            for op in program.operators:
                _import_operator(state, op)
            result = builder.emit_output(state.value(program.output))
        builder.emit_func_output(result)
    return RelaxProgram(builder.get(), state.tensor_names, program.input, program.output)


def _import_operator(state: _Import, op: PaddleOperator) -> None:
    if op.kind not in OPERATORS:
        tensor = next(iter(op.outputs.values()))[0]
        raise UserError(
            f"operator '{op.kind}' (tensor '{tensor}') is not supported. Supported: {', '.join(sorted(OPERATORS))}"
        )
    OPERATORS[op.kind](state, op)


def _convolution(state: _Import, op: PaddleOperator) -> None:
    weights = state.program.parameters[op.input("Filter")]  # OIHW
    groups, result, source = op.attributes["groups"], op.output("Output"), op.input("Input")
    channels = state.shape(source)[-1]
    if groups not in (1, channels) or (groups > 1 and weights.shape[0] != channels):
        raise UserError(f"{op.kind} (tensor '{result}'): groups must be 1 or the {channels} channels, not {groups}")
    if list(op.attributes["dilations"]) != [1, 1]:
        raise UserError(f"{op.kind} (tensor '{result}'): dilation {op.attributes['dilations']} is not supported")
    strides = tuple(op.attributes["strides"])
    padding = paddings(op, state.shape(source)[1:3], weights.shape[2:], strides)
    call = relax.op.nn.conv2d(
        state.value(source),
        relax.const(np.ascontiguousarray(weights.transpose(0, 2, 3, 1))),
        strides=strides,
        padding=padding,
        groups=groups,
        data_layout="NHWC",
        kernel_layout="OHWI",
        out_layout="NHWC",
    )
    if not op.inputs.get("Bias"):
        state.emit(result, call)
        return
    bias = state.program.parameters[op.input("Bias")].reshape(1, 1, 1, -1)
    state.emit(f"{result}.product", call)
    state.emit(result, relax.op.add(state.value(f"{result}.product"), relax.const(bias)))


def paddings(
    op: PaddleOperator, size: tuple[int, ...], kernel: tuple[int, ...], strides: tuple[int, ...]
) -> tuple[int, int, int, int]:
    """(top, left, bottom, right) from Paddle's paddings of 2 or 4 elements and its padding algorithm."""
    algorithm, given = op.attributes.get("padding_algorithm", "EXPLICIT"), list(op.attributes["paddings"])
    if algorithm == "VALID":
        return 0, 0, 0, 0
    if algorithm == "SAME":
        total = [max(0, (math.ceil(n / s) - 1) * s + k - n) for n, k, s in zip(size, kernel, strides, strict=True)]
        return total[0] // 2, total[1] // 2, total[0] - total[0] // 2, total[1] - total[1] // 2
    if len(given) == 2:
        return given[0], given[1], given[0], given[1]
    top, bottom, left, right = given
    return top, left, bottom, right


def _add(state: _Import, op: PaddleOperator) -> None:
    """Residual sum, or a bias of a convolution (1, C, 1, 1) or a matrix product (C,)."""
    first, second = op.input("X"), op.input("Y")
    if state.constant(second):
        bias = state.program.parameters[second].reshape(-1)
        rank = len(state.shape(first))
        state.emit(op.output(), relax.op.add(state.value(first), relax.const(bias.reshape((1,) * (rank - 1) + (-1,)))))
    else:
        state.emit(op.output(), relax.op.add(state.value(first), state.value(second)))


def _multiply(state: _Import, op: PaddleOperator) -> None:
    first, second = op.input("X"), op.input("Y")
    if np.prod(state.shape(first)) < np.prod(state.shape(second)):
        first, second = second, first
    state.emit(op.output(), relax.op.multiply(state.value(first), state.value(second)))


def _pool(state: _Import, op: PaddleOperator) -> None:
    source, result, attributes = op.input("X"), op.output(), op.attributes
    size = state.shape(source)[1:3]
    kernel, strides = tuple(attributes["ksize"]), tuple(attributes["strides"])
    padding = paddings(op, size, kernel, strides)
    if attributes.get("global_pooling") or (attributes.get("adaptive") and kernel == (1, 1)):
        kernel, strides, padding = size, (1, 1), (0, 0, 0, 0)
    elif attributes.get("adaptive"):
        raise UserError(f"pool2d (tensor '{result}'): adaptive pooling to {kernel} is not supported, only to 1 x 1")
    average = attributes["pooling_type"] == "avg"
    if average and any(padding) and not attributes.get("exclusive", True):
        raise UserError(f"pool2d (tensor '{result}'): average pooling that counts the padding is not supported")
    make = relax.op.nn.avg_pool2d if average else relax.op.nn.max_pool2d
    state.emit(result, make(state.value(source), kernel, strides, padding, layout="NHWC"))


def _flatten(state: _Import, op: PaddleOperator) -> None:
    source, result = op.input("X"), op.output()
    shape = state.shape(source)
    if len(shape) == 2:
        state.flattened[result] = state.flattened.get(source, shape[1:])
    else:
        state.flattened[result] = shape[1:]
    state.emit(result, relax.op.reshape(state.value(source), (1, int(np.prod(shape[1:])))))


def _matrix_product(state: _Import, op: PaddleOperator) -> None:
    source, result = op.input("X"), op.output()
    if not state.constant(op.input("Y")) or op.attributes.get("trans_x"):
        raise UserError(f"{op.kind} (tensor '{result}'): only a product with constant weights is supported")
    weights = state.program.parameters[op.input("Y")]
    weights = weights.T if op.attributes.get("trans_y") else weights  # (inputs, outputs)
    shape = state.flattened.get(source, ())
    if len(shape) == 3 and shape[0] * shape[1] > 1:  # Paddle flattened CHW, here the elements stand as HWC
        height, width, channels = shape
        weights = weights.reshape(channels, height, width, -1).transpose(1, 2, 0, 3).reshape(weights.shape)
    weights = relax.const(np.ascontiguousarray(weights))
    state.emit(result, relax.op.matmul(state.value(source), weights))


def _clip(low: float, high: float) -> Callable[[_Import, PaddleOperator], None]:
    def emit(state: _Import, op: PaddleOperator) -> None:
        state.emit(op.output(), relax.op.clip(state.value(op.input("X")), low, high))

    return emit


def _relu(state: _Import, op: PaddleOperator) -> None:
    state.emit(op.output(), relax.op.nn.relu(state.value(op.input("X"))))


def _scalar(value: float) -> Any:
    return relax.const(value, "float32")


def _hard_swish(state: _Import, op: PaddleOperator) -> None:
    """x * clip(x + 3, 0, 6) / 6"""
    a = op.attributes
    if (a.get("threshold", 6.0), a.get("scale", 6.0), a.get("offset", 3.0)) != (6.0, 6.0, 3.0):
        raise UserError(f"hard_swish (tensor '{op.output()}'): only threshold 6, scale 6, offset 3 are supported")
    x = state.value(op.input("X"))
    gate = relax.op.clip(relax.op.add(x, _scalar(3.0)), 0.0, 6.0)
    state.emit(op.output(), relax.op.multiply(x, relax.op.multiply(gate, _scalar(1.0 / 6.0))))


def _hard_sigmoid(state: _Import, op: PaddleOperator) -> None:
    """clip(slope * x + offset, 0, 1)"""
    x = relax.op.multiply(state.value(op.input("X")), _scalar(op.attributes["slope"]))
    state.emit(op.output(), relax.op.clip(relax.op.add(x, _scalar(op.attributes["offset"])), 0.0, 1.0))


def _softmax(state: _Import, op: PaddleOperator) -> None:
    state.emit(op.output(), relax.op.nn.softmax(state.value(op.input("X")), axis=-1))


OPERATORS: dict[str, Callable[[_Import, PaddleOperator], None]] = {
    "conv2d": _convolution,
    "depthwise_conv2d": _convolution,
    "elementwise_add": _add,
    "elementwise_mul": _multiply,
    "flatten_contiguous_range": _flatten,
    "hard_sigmoid": _hard_sigmoid,
    "hard_swish": _hard_swish,
    "matmul_v2": _matrix_product,
    "pool2d": _pool,
    "relu": _relu,
    "relu6": _clip(0.0, 6.0),
    "reshape2": _flatten,
    "softmax": _softmax,
    "squeeze2": _flatten,
}
