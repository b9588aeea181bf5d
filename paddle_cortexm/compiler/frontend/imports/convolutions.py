"""Convolutions. Weights become OHWI, I being a group's input channels; depthwise ones are C, H, W, 1."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from tvm import relax

from paddle_cortexm.compiler.frontend.imports.geometry import Padding, Pair, dilation_of, padding_of, pair
from paddle_cortexm.compiler.frontend.imports.relax_builder import RelaxBuilder, constant
from paddle_cortexm.compiler.frontend.paddle.channel_affine import AFFINE
from paddle_cortexm.compiler.frontend.paddle.program import PaddleOperator

Floats = NDArray[np.float32]


def convolution(builder: RelaxBuilder, op: PaddleOperator) -> None:
    """conv2d and depthwise_conv2d, with the bias that folding put there."""
    source, weights = op.input("Input"), builder.parameter(op, "Filter")  # OIHW
    _, channels, height, width = builder.shape(source)
    groups = int(op.attributes["groups"])
    if weights.shape[1] * groups != channels or weights.shape[0] % groups:
        raise op.mistake(
            f"a filter of {weights.shape} in {groups} groups does not fit {channels} input channels; groups must "
            f"divide input and output channels, and a filter has {channels} / groups of the former"
        )
    kernel, stride = (weights.shape[2], weights.shape[3]), pair(op, "strides")
    padding = padding_of(op, (height, width), kernel, stride)
    bias = builder.parameter(op, "Bias") if op.has_input("Bias") else np.zeros(weights.shape[0], np.float32)
    rows = weights.transpose(0, 2, 3, 1)
    emit_convolution(builder, source, op.output, rows, bias, stride, padding, groups, dilation_of(op))


def channel_affine(builder: RelaxBuilder, op: PaddleOperator) -> None:
    """gain * x + offset a channel, as a 1 x 1 depthwise convolution."""
    source = op.input("X")
    gain, offset = (builder.in_element_order(source, builder.parameter(op, slot)) for slot in ("Gain", "Offset"))
    weights, vector = gain[:, None, None, None], builder.is_vector(source)
    if not vector:
        emit_convolution(builder, source, op.output, weights, offset, groups=len(gain))
        return
    image, result = f"{op.output}.input", f"{op.output}.image"
    builder.emit(image, relax.op.reshape(builder.value(source), (1, 1, 1, len(gain))))
    emit_convolution(builder, image, result, weights, offset, groups=len(gain))
    flat = relax.op.reshape(builder.value(result), (1, len(gain)))
    builder.emit(op.output, flat, flattened=builder.flattened(source))


def emit_convolution(
    builder: RelaxBuilder,
    source: str,
    result: str,
    weights: Floats,
    bias: Floats,
    stride: Pair = (1, 1),
    padding: Padding = (0, 0, 0, 0),
    groups: int = 1,
    dilation: Pair = (1, 1),
) -> None:
    """conv2d + add. weights: OHWI, bias: (O,)."""
    product = relax.op.nn.conv2d(
        builder.value(source),
        constant(weights),
        strides=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
        data_layout="NHWC",
        kernel_layout="OHWI",
        out_layout="NHWC",
    )
    builder.emit(result, relax.op.add(builder.emit(f"{result}.product", product), constant(bias)))


IMPORTS = {
    AFFINE: channel_affine,
    "conv2d": convolution,
    "depthwise_conv2d": convolution,
}
