"""How Relax writes activations: by an operator of its own, or written out in primitive operators."""

from __future__ import annotations

import numpy as np
from tvm.relax.dpl import DFPattern, is_const, is_op, wildcard

from paddle_cortexm.compiler.operators.parts.activation_row import ActivationPattern, Parameters
from paddle_cortexm.compiler.operators.parts.relax_patterns import Matched, clamp_of, constant_scalar

INFINITY = float("inf")


def call(operator: str, *attributes: str) -> ActivationPattern:
    """One call of Relax's operator of that name; attributes: its parameters'."""
    x = wildcard()
    pattern = is_op(operator)(x)
    return ActivationPattern(
        x, pattern, lambda matched: {name: float(getattr(matched[pattern].attrs, name)) for name in attributes}
    )


def clip(low: float | None, high: float | None) -> ActivationPattern:
    """A clip to these bounds."""
    x = wildcard()
    pattern = is_op("relax.clip")(x, wildcard(), wildcard())
    return ActivationPattern(x, pattern, lambda matched: {} if clamp_of(matched[pattern]) == (low, high) else None)


def any_clip() -> ActivationPattern:
    """A clip to any bounds."""
    x = wildcard()
    pattern = is_op("relax.clip")(x, wildcard(), wildcard())

    def parameters(matched: Matched) -> Parameters:
        low, high = clamp_of(matched[pattern])
        return {"low": -INFINITY if low is None else low, "high": INFINITY if high is None else high}

    return ActivationPattern(x, pattern, parameters)


def hard_swish() -> tuple[ActivationPattern, ...]:
    """x * (clip(x + offset, 0, threshold) * (1 / scale))"""
    x, offset, factor = wildcard(), is_const(), is_const()
    gate = is_op("relax.clip")(is_op("relax.add")(x, offset), wildcard(), wildcard())

    def parameters(matched: Matched) -> Parameters | None:
        low, threshold = clamp_of(matched[gate])
        values = scalars(matched, offset=offset, factor=factor)
        if low != 0 or threshold is None or values is None:
            return None
        return {"offset": values["offset"], "threshold": threshold, "scale": reciprocal(values["factor"])}

    pattern = is_op("relax.multiply")(x, is_op("relax.multiply")(gate, factor))
    return (ActivationPattern(x, pattern, parameters),)


def hard_sigmoid() -> tuple[ActivationPattern, ...]:
    """clip(slope * x + offset, 0, 1)"""
    x, slope, offset = wildcard(), is_const(), is_const()
    line = is_op("relax.add")(is_op("relax.multiply")(x, slope), offset)
    pattern = is_op("relax.clip")(line, wildcard(), wildcard())

    def parameters(matched: Matched) -> Parameters | None:
        return scalars(matched, slope=slope, offset=offset) if clamp_of(matched[pattern]) == (0.0, 1.0) else None

    return (ActivationPattern(x, pattern, parameters),)


def swish() -> tuple[ActivationPattern, ...]:
    """x * sigmoid(x), x * sigmoid(beta * x), or Relax's silu."""

    def scaled(swapped: bool) -> ActivationPattern:
        x, beta = wildcard(), is_const()
        gate = is_op("relax.sigmoid")(is_op("relax.multiply")(x, beta))
        return ActivationPattern(x, product(x, gate, swapped), lambda matched: scalars(matched, beta=beta))

    def plain(swapped: bool) -> ActivationPattern:
        x = wildcard()
        return ActivationPattern(x, product(x, is_op("relax.sigmoid")(x), swapped), lambda matched: {})

    return scaled(False), scaled(True), plain(False), plain(True), call("relax.nn.silu")


def mish() -> tuple[ActivationPattern, ...]:
    """x * tanh(softplus(x))"""

    def written(swapped: bool) -> ActivationPattern:
        x = wildcard()
        softplus = is_op("relax.nn.softplus")(x)

        def parameters(matched: Matched) -> Parameters | None:
            return {} if matched[softplus].attrs.beta == 1 and matched[softplus].attrs.threshold >= 15 else None

        return ActivationPattern(x, product(x, is_op("relax.tanh")(softplus), swapped), parameters)

    return written(False), written(True)


def elu() -> tuple[ActivationPattern, ...]:
    """(relu(x) + (exp(min(x, 0)) + -1) * alpha) * scale"""
    x, zero, minus_one, alpha, scale = wildcard(), is_const(), is_const(), is_const(), is_const()
    below = is_op("relax.add")(is_op("relax.exp")(is_op("relax.minimum")(x, zero)), minus_one)
    total = is_op("relax.add")(is_op("relax.nn.relu")(x), is_op("relax.multiply")(below, alpha))

    def parameters(matched: Matched) -> Parameters | None:
        if scalars(matched, zero=zero, one=minus_one) != {"zero": 0.0, "one": -1.0}:
            return None
        return scalars(matched, alpha=alpha, scale=scale)

    return (ActivationPattern(x, is_op("relax.multiply")(total, scale), parameters),)


def thresholded_relu() -> tuple[ActivationPattern, ...]:
    """where(x > threshold, x, value)"""
    x, threshold, value = wildcard(), is_const(), is_const()
    pattern = is_op("relax.where")(is_op("relax.greater")(x, threshold), x, value)
    return (ActivationPattern(x, pattern, lambda matched: scalars(matched, threshold=threshold, value=value)),)


def power() -> tuple[ActivationPattern, ...]:
    """x to a constant exponent."""
    x, exponent = wildcard(), is_const()
    pattern = is_op("relax.power")(x, exponent)
    return (ActivationPattern(x, pattern, lambda matched: scalars(matched, exponent=exponent)),)


def product(x: DFPattern, y: DFPattern, swapped: bool) -> DFPattern:
    return is_op("relax.multiply")(y, x) if swapped else is_op("relax.multiply")(x, y)


def scalars(matched: Matched, **constants: DFPattern) -> Parameters | None:
    """The values of constants, by name; None where one of them is no scalar."""
    found = {name: matched[pattern] for name, pattern in constants.items()}
    if any(constant.value.numpy().size != 1 for constant in found.values()):
        return None
    return {name: constant_scalar(constant) for name, constant in found.items()}


def reciprocal(factor: float) -> float:
    """The divisor whose reciprocal in float32 is the factor: a whole number where there is one."""
    divisor = 1 / factor
    return round(divisor) if np.float32(1 / max(round(divisor), 1)) == np.float32(factor) else divisor
