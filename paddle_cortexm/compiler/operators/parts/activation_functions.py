"""Functions of activations that fill no line of their table: in float64, and as TVM expressions in float32."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from paddle_cortexm.compiler.operators.parts.activation_row import Parameters, Values


def sigmoid(x: Values) -> Values:
    return np.exp(-np.logaddexp(0, -x))


def softplus(x: Values, beta: float, threshold: float) -> Values:
    return np.where(beta * x > threshold, x, np.logaddexp(0, np.minimum(beta * x, threshold)) / beta)


def normal_distribution(x: Values) -> Values:
    """The share of the standard normal distribution below x."""
    return np.vectorize(lambda value: 0.5 * math.erfc(-value * math.sqrt(0.5)), otypes=[np.float64])(x)


def gelu_tanh_gate(x: Values) -> Values:
    return sigmoid(2 * math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))


def elu(x: Values, alpha: float, scale: float) -> Values:
    return scale * np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


# --- TVM expressions of x, given tvm.te -------------------------------------------------------------------------------


def constant(te: Any, value: float) -> Any:
    return te.const(float(np.float32(value)), "float32")


def above(te: Any, x: Any, low: float) -> Any:
    return te.max(x, constant(te, low))


def below(te: Any, x: Any, high: float) -> Any:
    return te.min(x, constant(te, high))


def between(te: Any, x: Any, low: float, high: float) -> Any:
    return above(te, below(te, x, high), low)


def sigmoid_expression(te: Any, x: Any) -> Any:
    one = constant(te, 1)
    return one / (one + te.exp(x * constant(te, -1)))


def softplus_expression(te: Any, x: Any) -> Any:
    """max(x, 0) + log(1 + exp(-|x|))"""
    return above(te, x, 0) + te.log(constant(te, 1) + te.exp(te.min(x, x * constant(te, -1))))


def gelu_tanh_expression(te: Any, x: Any) -> Any:
    cubic = constant(te, 2 * math.sqrt(2 / math.pi)) * (x + constant(te, 0.044715) * x * x * x)
    return x * sigmoid_expression(te, cubic)


def elu_expression(te: Any, x: Any, p: Parameters) -> Any:
    negative = (te.exp(below(te, x, 0)) - constant(te, 1)) * constant(te, p["alpha"])
    return (above(te, x, 0) + negative) * constant(te, p["scale"])
