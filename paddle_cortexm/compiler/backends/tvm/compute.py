"""Each operator as a tensor expression (TE), without the batch dimension: (height, width, channels).

Buffers are named input0, input1, output and as the constants. Integer arithmetic is that of the
integer operators in compiler/operators.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from tvm import te, tirx

from paddle_cortexm.compiler.backends.tvm.elementwise import elementwise
from paddle_cortexm.compiler.backends.tvm.terms import (
    Builder,
    Computation,
    Expression,
    clamped,
    float_constant,
    int_constant,
    integer_sum,
    into_steps,
    requantised,
)
from paddle_cortexm.compiler.operators.elementwise.activation import Activation, Table
from paddle_cortexm.compiler.operators.elementwise.binary import Binary, IntegerWithConstant, WithConstant
from paddle_cortexm.compiler.operators.elementwise.conversion import Dequantise, Quantise
from paddle_cortexm.compiler.operators.elementwise.prelu import PRELU_SHIFT, IntegerPRelu, PRelu
from paddle_cortexm.compiler.operators.parts.activation_kinds import activation_kind
from paddle_cortexm.compiler.operators.parts.base import Operator
from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.compiler.operators.pools.adaptive_pool import AdaptivePool, spans
from paddle_cortexm.compiler.operators.pools.average_pool import AveragePool, IntegerAveragePool
from paddle_cortexm.compiler.operators.pools.max_pool import IntegerMaxPool, MaxPool
from paddle_cortexm.compiler.operators.resize.resize import WEIGHT_BITS, AnyResize, Samples
from paddle_cortexm.compiler.operators.tokens.softmax import Softmax
from paddle_cortexm.compiler.operators.weights.depthwise_convolution import AnyDepthwise
from paddle_cortexm.compiler.operators.weights.fully_connected import AnyFullyConnected
from paddle_cortexm.compiler.operators.weights.weighted import IntegerWeighted, Weighted
from paddle_cortexm.compiler.tensor import INT8_MINIMUM, Grid, Tensor


def computation(operator: Operator, inputs: Sequence[Tensor], output: Tensor) -> Computation | None:
    """The operator as a tensor expression, or None where there is none."""
    b = Builder(inputs, output)
    match operator:
        case Weighted():
            return _float_weighted(b, operator)
        case IntegerWeighted():
            return _integer_weighted(b, operator)
        case Binary() | WithConstant() | IntegerWithConstant():
            return elementwise(b, operator)
        case AveragePool(window=window) | IntegerAveragePool(window=window):
            return _average_pool(b, window)
        case AdaptivePool():
            return _adaptive_average_pool(b)
        case AnyResize():
            return _resized(b, operator)
        case MaxPool(window=window) | IntegerMaxPool(window=window):
            return _max_pool(b, window)
        case Activation():
            return b.done(lambda y, x, c: _activation(operator, b.inputs[0][y, x, c]))
        case PRelu(slopes=slopes):
            factors = b.constant("slopes", slopes)
            return b.done(lambda y, x, c: _prelu(b.inputs[0][y, x, c], factors[c]))
        case IntegerPRelu():
            return _integer_prelu(b, operator)
        case Table(table=table):
            entries = b.constant("table", table, hot=True)
            return b.done(lambda y, x, c: entries[b.inputs[0][y, x, c].astype("int32") + 128])
        case Quantise(grid=grid):
            return b.done(lambda y, x, c: _quantised(b.inputs[0][y, x, c], grid))
        case Dequantise(grid=q):
            return b.done(
                lambda y, x, c: (
                    (b.inputs[0][y, x, c].astype("int32") - q.zero_point).astype("float32") * float_constant(q.scale)
                )
            )
        case Softmax():
            return _softmax(b)
    return None


def _inside(tensor: Any, y: Any, x: Any) -> Expression:
    height, width, _ = (int(n) for n in tensor.shape)
    return tirx.all(y >= 0, y < height, x >= 0, x < width)


def _padded(source: Any, window: Window, outside: Expression, zero_point: int | None = None) -> Any:
    """The input with its padding, as int32 less the zero point where one is given."""
    height, width, channels = (int(n) for n in source.shape)
    top, left, bottom, right = window.padding

    def value(y: Any, x: Any, c: Any) -> Expression:
        element = source[y - top, x - left, c]
        if zero_point is not None:
            element = element.astype("int32") - zero_point
        return tirx.if_then_else(_inside(source, y - top, x - left), element, outside)

    return te.compute((height + top + bottom, width + left + right, channels), value, name="padded")


def _products(b: Builder, operator: Any, zero_point: int | None) -> Any:
    """The sums of products, without bias: float32 or int32."""
    if isinstance(operator, AnyFullyConnected):
        return _matrix_products(b, operator.weight, zero_point)
    window, kind = operator.window, "float32" if zero_point is None else "int32"
    padded = _padded(b.inputs[0], window, tirx.const(0, kind), zero_point)
    stride_y, stride_x = window.stride
    dilation_y, dilation_x = window.dilation
    ky, kx = te.reduce_axis((0, window.kernel[0]), "ky"), te.reduce_axis((0, window.kernel[1]), "kx")

    def tap(y: Any, x: Any, channel: Any) -> Expression:
        return padded[y * stride_y + ky * dilation_y, x * stride_x + kx * dilation_x, channel]

    if isinstance(operator, AnyDepthwise):
        weights = b.constant("weights", operator.weight)

        def rule(y: Any, x: Any, c: Any) -> Expression:
            taps = tap(y, x, c) * weights[ky, kx, c].astype(kind)
            return te.sum(taps, axis=[ky, kx])
    else:
        weights = b.constant("weights", operator.weight.transpose(1, 2, 3, 0))  # HWIO: the innermost loop is over O
        outputs, _, _, depth = operator.weight.shape
        k, group_outputs = te.reduce_axis((0, depth), "k"), outputs // operator.groups

        def rule(y: Any, x: Any, c: Any) -> Expression:
            channel = c // group_outputs * depth + k if operator.groups > 1 else k
            taps = tap(y, x, channel) * weights[ky, kx, k, c].astype(kind)
            return te.sum(taps, axis=[ky, kx, k])

    return te.compute(b.output_shape, rule, name="product")


def _matrix_products(b: Builder, weight: np.ndarray, zero_point: int | None) -> Any:
    weights = b.constant("weights", weight.T)
    source = b.inputs[0]
    _, width, channels = (int(n) for n in source.shape)
    k = te.reduce_axis((0, weight.shape[1]), "k")
    element = source[k // (width * channels), k // channels % width, k % channels]
    if zero_point is None:
        return te.compute(b.output_shape, lambda y, x, c: te.sum(element * weights[k, c], axis=k), name="product")
    centred = element.astype("int32") - zero_point
    taps = lambda c: centred * weights[k, c].astype("int32")  # noqa: E731
    return te.compute(b.output_shape, lambda y, x, c: te.sum(taps(c), axis=k), name="product")


def _float_weighted(b: Builder, operator: Weighted) -> Computation:
    product = _products(b, operator, None)
    bias = b.constant("bias", operator.bias)
    activation, add = operator.epilogue.activation, operator.epilogue.add

    def rule(y: Any, x: Any, c: Any) -> Expression:
        value = clamped(product[y, x, c] + bias[c], operator.clamp)
        if activation is not None:
            value = _activation(activation, value)
        return value if add is None else clamped(value + b.inputs[1][y, x, c], add.clamp)

    return b.done(rule)


def _integer_weighted(b: Builder, operator: IntegerWeighted) -> Computation:
    product = _products(b, operator, operator.input_zero_point)
    r, epilogue = operator.requantisation, operator.epilogue
    bias = b.constant("bias", operator.bias, hot=True)
    multiplier = b.constant("multiplier", r.multiplier, hot=True)
    shift = b.constant("shift", r.shift, hot=True)
    table = None if epilogue.table is None else b.constant("table", epilogue.table.table, hot=True)

    def rule(y: Any, x: Any, c: Any) -> Expression:
        value = requantised(product[y, x, c] + bias[c], multiplier[c], shift[c])
        value = into_steps(value, r)
        if table is not None:
            value = table[value.astype("int32") + 128]
        if epilogue.add is not None:
            value = integer_sum(value, b.inputs[1][y, x, c], epilogue.add)
        return value

    return b.done(rule)


def _prelu(x: Expression, slope: Expression) -> Expression:
    return te.max(x, float_constant(0)) + te.min(x, float_constant(0)) * slope


def _integer_prelu(b: Builder, operator: IntegerPRelu) -> Computation:
    above, below = operator.above, operator.below
    multiplier = b.constant("multiplier", below.multiplier, hot=True)
    shift = b.constant("shift", below.shift, hot=True)
    one = int_constant(above.multiplier[0]), int_constant(above.shift[0])

    def rule(y: Any, x: Any, c: Any) -> Expression:
        value = (b.inputs[0][y, x, c].astype("int32") - operator.zero_point) * int_constant(1 << PRELU_SHIFT)
        negative = requantised(value, multiplier[c], shift[c])
        return into_steps(tirx.if_then_else(value >= 0, requantised(value, *one), negative), above)

    return b.done(rule)


def _average_pool(b: Builder, window: Window) -> Computation:
    source = b.inputs[0]
    height, width, _ = (int(n) for n in source.shape)
    kind = "float32" if source.dtype == "float32" else "int32"
    (top, left, _, _), (stride_y, stride_x) = window.padding, window.stride
    padded = _padded(source, window, tirx.const(0, kind), None if kind == "float32" else 0)
    ky, kx = te.reduce_axis((0, window.kernel[0]), "ky"), te.reduce_axis((0, window.kernel[1]), "kx")
    total = te.compute(
        b.output_shape,
        lambda y, x, c: te.sum(padded[y * stride_y + ky, x * stride_x + kx, c], axis=[ky, kx]),
        name="product",
    )

    def extent(position: Any, stride: int, before: int, kernel: int, size: int) -> Expression:
        start = position * stride - before
        return te.min(start + kernel, int_constant(size)) - te.max(start, int_constant(0))

    def rule(y: Any, x: Any, c: Any) -> Expression:
        rows = extent(y, stride_y, top, window.kernel[0], height)
        return _mean(total[y, x, c], rows * extent(x, stride_x, left, window.kernel[1], width))

    return b.done(rule)


def _mean(total: Expression, count: Expression) -> Expression:
    """Of integers rounded half away from zero."""
    if total.dtype == "float32":
        return total / count.astype("float32")
    half = tirx.truncdiv(count, int_constant(2))
    away = tirx.if_then_else(total > 0, total + half, total - half)
    return tirx.truncdiv(away, count).astype("int8")


def _adaptive_average_pool(b: Builder) -> Computation:
    source = b.inputs[0]
    kind = "float32" if source.dtype == "float32" else "int32"
    lengths, pieces = [int(n) for n in source.shape[:2]], b.output_shape[:2]
    most = [max(end - first for first, end in spans(n, m)) for n, m in zip(lengths, pieces, strict=True)]
    ky, kx = te.reduce_axis((0, most[0]), "ky"), te.reduce_axis((0, most[1]), "kx")

    def span(at: Any, axis: int) -> tuple[Expression, Expression]:
        n, m = lengths[axis], pieces[axis]
        return tirx.truncdiv(at * n, int_constant(m)), tirx.truncdiv((at + 1) * n + (m - 1), int_constant(m))

    def taps(y: Any, x: Any, c: Any) -> Expression:
        (top, bottom), (left, right) = span(y, 0), span(x, 1)
        inside = tirx.all(top + ky < bottom, left + kx < right)
        element = tirx.if_then_else(inside, source[top + ky, left + kx, c].astype(kind), tirx.const(0, kind))
        return te.sum(element, axis=[ky, kx])

    total = te.compute(b.output_shape, taps, name="product")

    def rule(y: Any, x: Any, c: Any) -> Expression:
        (top, bottom), (left, right) = span(y, 0), span(x, 1)
        return _mean(total[y, x, c], (bottom - top) * (right - left))

    return b.done(rule)


def _resized(b: Builder, operator: AnyResize) -> Computation:
    source = b.inputs[0]
    is_float = source.dtype == "float32"
    kind, one = ("float32", float_constant(1.0)) if is_float else ("int32", int_constant(1 << WEIGHT_BITS))

    def side(name: str, along: Samples) -> tuple[Any, Any]:
        weight = along.weight if is_float else along.integer_weight.astype(np.int32)
        return b.constant(f"{name}s", along.pairs, hot=True), b.constant(f"{name}_weights", weight, hot=True)

    (rows, row_weights), (columns, column_weights) = side("row", operator.rows), side("column", operator.columns)

    def rule(y: Any, x: Any, c: Any) -> Expression:
        def between(column: int) -> Expression:
            upper, lower = (source[rows[y, i], columns[x, column], c].astype(kind) for i in range(2))
            return upper * (one - row_weights[y]) + lower * row_weights[y]

        total = between(0) * (one - column_weights[x]) + between(1) * column_weights[x]
        if is_float:
            return total
        half, bits = int_constant(1 << (2 * WEIGHT_BITS - 1)), int_constant(2 * WEIGHT_BITS)
        return tirx.shift_right(total + half, bits).astype("int8")

    return b.done(rule)


def _max_pool(b: Builder, window: Window) -> Computation:
    source = b.inputs[0]
    lowest = tirx.const(float("-inf"), "float32") if source.dtype == "float32" else tirx.const(INT8_MINIMUM, "int8")
    padded = _padded(source, window, lowest)
    stride_y, stride_x = window.stride
    ky, kx = te.reduce_axis((0, window.kernel[0]), "ky"), te.reduce_axis((0, window.kernel[1]), "kx")
    largest = te.compute(
        b.output_shape,
        lambda y, x, c: te.max(padded[y * stride_y + ky, x * stride_x + kx, c], axis=[ky, kx]),
        name="product",
    )
    return b.done(lambda y, x, c: largest[y, x, c])


def _activation(operator: Activation, x: Expression) -> Expression:
    return activation_kind(operator.kind).expression(te, x, operator.parameters)


def _quantised(x: Expression, q: Grid) -> Expression:
    """Half to even, clamped before the cast: a float outside int32 has no defined integer."""
    steps = tirx.nearbyint(x / float_constant(q.scale)) + float_constant(q.zero_point)
    minimum, maximum = q.ends
    return te.max(te.min(steps, float_constant(maximum)), float_constant(minimum)).astype("int32").astype(q.dtype)


def _softmax(b: Builder) -> Computation:
    source = b.inputs[0]
    channels = int(source.shape[2])
    k, j = te.reduce_axis((0, channels), "k"), te.reduce_axis((0, channels), "j")
    largest = te.compute(b.output_shape[:2], lambda y, x: te.max(source[y, x, k], axis=k), name="largest")
    shares = te.compute(b.output_shape, lambda y, x, c: te.exp(source[y, x, c] - largest[y, x]), name="share")
    total = te.compute(b.output_shape[:2], lambda y, x: te.sum(shares[y, x, j], axis=j), name="total")
    return b.done(lambda y, x, c: shares[y, x, c] / total[y, x])
