"""What an activation is: one row a kind, with everything that any part of the compiler has to know of it.

A new activation is a row here, a pattern in activation_patterns.py where Relax has no operator of its own for it, and a
function in frontend/imports/activations.py that writes it in Relax. activation_row.py tells what the fields are.
"""

from __future__ import annotations

import math

import numpy as np

from paddle_cortexm.compiler.operators.parts import activation_functions as functions
from paddle_cortexm.compiler.operators.parts import activation_patterns as patterns
from paddle_cortexm.compiler.operators.parts.activation_row import (
    ActivationKind,
    HeliumClamp,
    HeliumCurve,
    HeliumForm,
    HeliumRamp,
    Parameters,
)
from paddle_cortexm.compiler.operators.parts.base import EVERYTHING
from paddle_cortexm.compiler.tensor import Range
from paddle_cortexm.errors import UserError, nearest

SIGMOID = "sigmoid"  # which others look for at the end of a network
INFINITY = float("inf")
SWISH_MINIMUM = -0.27846454276107  # at x = -1.27846
GELU_MINIMUM = -0.16997120747990  # at x = -0.75179
GELU_TANH_MINIMUM = -0.17004075057125  # at x = -0.75246
MISH_MINIMUM = -0.30884341301725  # at x = -1.19243
LINEAR_SOFTPLUS = 15.0  # from here on softplus(x) is x in float32


def activation_kind(name: str) -> ActivationKind:
    """The row of a kind. Raises UserError for one that is not in the table."""
    for row in ACTIVATION_KINDS:
        if row.name == name:
            return row
    known = [row.name for row in ACTIVATION_KINDS]
    raise UserError(f"activation '{name}' is not known{nearest(name, known)}. Known: {', '.join(known)}")


# --- where results lie, and inputs that differ ------------------------------------------------------------------------


def _hard_swish_results(p: Parameters) -> Range:
    lowest = min(-p["offset"] / 2, p["threshold"] - p["offset"])
    return min(0.0, lowest * (lowest + p["offset"]) / p["scale"]), INFINITY


def _hard_swish_inputs(result: Range | None, p: Parameters) -> Range:
    """Hard-swish is 0 below -offset, and saturates where it reaches the largest result."""
    offset, threshold, scale = p["offset"], p["threshold"], p["scale"]
    if result is None:
        return -offset, INFINITY
    largest = max(result[1], 0.0)
    bent = (math.sqrt(offset**2 + 4 * scale * largest) - offset) / 2
    return -offset, bent if bent <= threshold - offset else largest * scale / threshold


def _swish_results(p: Parameters) -> Range:
    if p["beta"] == 0:
        return EVERYTHING
    extreme = SWISH_MINIMUM / p["beta"]
    return (extreme, INFINITY) if p["beta"] > 0 else (-INFINITY, extreme)


def _power_results(p: Parameters) -> Range:
    return EVERYTHING if p["exponent"] % 2 == 1 else (0.0, INFINITY)


def _softplus_curve(p: Parameters) -> HeliumForm | None:
    return HeliumCurve("softplus", (p["beta"],)) if p["threshold"] >= LINEAR_SOFTPLUS and p["beta"] > 0 else None


# --- the table --------------------------------------------------------------------------------------------------------

ACTIVATION_KINDS = (
    ActivationKind(
        name="relu",
        defaults={},
        values=lambda x, p: np.maximum(x, 0),
        producible=lambda p: (0.0, INFINITY),
        patterns=lambda: (patterns.call("relax.nn.relu"), patterns.clip(0.0, None)),
        paddle=lambda functional, x, p: functional.relu(x),
        expression=lambda te, x, p: functions.above(te, x, 0),
        helium=lambda p: HeliumClamp(0.0, None),
    ),
    ActivationKind(
        name="relu6",
        defaults={},
        values=lambda x, p: np.clip(x, 0, 6),
        producible=lambda p: (0.0, 6.0),
        patterns=lambda: (patterns.clip(0.0, 6.0),),
        paddle=lambda functional, x, p: functional.relu6(x),
        expression=lambda te, x, p: functions.between(te, x, 0, 6),
        helium=lambda p: HeliumClamp(0.0, 6.0),
    ),
    ActivationKind(
        name="clip",
        defaults={"low": -1.0, "high": 1.0},
        values=lambda x, p: np.clip(x, p["low"], p["high"]),
        producible=lambda p: (p["low"], p["high"]),
        distinguishable=lambda result, p: (p["low"], p["high"]),
        patterns=lambda: (patterns.any_clip(),),
        paddle=lambda functional, x, p: functional.hardtanh(x, min=p["low"], max=p["high"]),
        expression=lambda te, x, p: functions.between(te, x, p["low"], p["high"]),
        helium=lambda p: HeliumClamp(p["low"], p["high"]),
    ),
    ActivationKind(
        name="leaky_relu",
        defaults={"alpha": 0.01},
        values=lambda x, p: np.where(x > 0, x, p["alpha"] * x),
        producible=lambda p: EVERYTHING if p["alpha"] > 0 else (0.0, INFINITY),
        patterns=lambda: (patterns.call("relax.nn.leakyrelu", "alpha"),),
        paddle=lambda functional, x, p: functional.leaky_relu(x, negative_slope=p["alpha"]),
        expression=lambda te, x, p: (
            functions.above(te, x, 0) + functions.below(te, x, 0) * functions.constant(te, p["alpha"])
        ),
        helium=lambda p: HeliumCurve("leaky_relu", (p["alpha"],)),
    ),
    ActivationKind(
        name="thresholded_relu",
        defaults={"threshold": 1.0, "value": 0.0},
        values=lambda x, p: np.where(x > p["threshold"], x, p["value"]),
        producible=lambda p: (min(p["threshold"], p["value"]), INFINITY),
        patterns=patterns.thresholded_relu,
        paddle=lambda functional, x, p: functional.thresholded_relu(x, threshold=p["threshold"], value=p["value"]),
        expression=lambda te, x, p: te.if_then_else(
            x > functions.constant(te, p["threshold"]), x, functions.constant(te, p["value"])
        ),
    ),
    ActivationKind(
        name="hard_swish",
        defaults={"threshold": 6.0, "scale": 6.0, "offset": 3.0},
        values=lambda x, p: x * np.clip(x + p["offset"], 0, p["threshold"]) / p["scale"],
        producible=_hard_swish_results,
        distinguishable=_hard_swish_inputs,
        patterns=patterns.hard_swish,
        paddle=lambda functional, x, p: (
            functional.hardswish(x)
            if p == {"threshold": 6.0, "scale": 6.0, "offset": 3.0}
            else x * functional.hardtanh(x + p["offset"], 0.0, p["threshold"]) / p["scale"]
        ),
        expression=lambda te, x, p: (
            x
            * functions.between(te, x + functions.constant(te, p["offset"]), 0, p["threshold"])
            * functions.constant(te, 1 / p["scale"])
        ),
        helium=lambda p: HeliumRamp(
            "HELIUM_HARD_SWISH", 1 / p["scale"], p["offset"] / p["scale"], p["threshold"] / p["scale"]
        ),
    ),
    ActivationKind(
        name="hard_sigmoid",
        defaults={"slope": 1 / 6, "offset": 0.5},
        values=lambda x, p: np.clip(p["slope"] * x + p["offset"], 0, 1),
        producible=lambda p: (0.0, 1.0),
        distinguishable=lambda result, p: (-p["offset"] / p["slope"], (1 - p["offset"]) / p["slope"]),
        patterns=patterns.hard_sigmoid,
        paddle=lambda functional, x, p: functional.hardsigmoid(x, slope=p["slope"], offset=p["offset"]),
        expression=lambda te, x, p: functions.between(
            te, x * functions.constant(te, p["slope"]) + functions.constant(te, p["offset"]), 0, 1
        ),
        helium=lambda p: HeliumRamp("HELIUM_HARD_SIGMOID", p["slope"], p["offset"], 1.0),
    ),
    ActivationKind(
        name=SIGMOID,
        defaults={},
        values=lambda x, p: functions.sigmoid(x),
        producible=lambda p: (0.0, 1.0),
        patterns=lambda: (patterns.call("relax.sigmoid"),),
        paddle=lambda functional, x, p: functional.sigmoid(x),
        expression=lambda te, x, p: functions.sigmoid_expression(te, x),
        helium=lambda p: HeliumCurve("sigmoid"),
    ),
    ActivationKind(
        name="swish",
        defaults={"beta": 1.0},
        values=lambda x, p: x * functions.sigmoid(p["beta"] * x),
        producible=_swish_results,
        patterns=patterns.swish,
        paddle=lambda functional, x, p: x * functional.sigmoid(x * p["beta"]),
        expression=lambda te, x, p: x * functions.sigmoid_expression(te, x * functions.constant(te, p["beta"])),
        helium=lambda p: HeliumCurve("swish", (p["beta"],)),
    ),
    ActivationKind(
        name="tanh",
        defaults={},
        values=lambda x, p: np.tanh(x),
        producible=lambda p: (-1.0, 1.0),
        patterns=lambda: (patterns.call("relax.tanh"),),
        paddle=lambda functional, x, p: functional.tanh(x),
        expression=lambda te, x, p: te.tanh(x),
        helium=lambda p: HeliumCurve("tanh"),
    ),
    ActivationKind(
        name="gelu",
        defaults={},
        values=lambda x, p: x * functions.normal_distribution(x),
        producible=lambda p: (GELU_MINIMUM, INFINITY),
        patterns=lambda: (patterns.call("relax.nn.gelu"),),
        paddle=lambda functional, x, p: functional.gelu(x),
        expression=lambda te, x, p: (
            x
            * functions.constant(te, 0.5)
            * (functions.constant(te, 1) + te.erf(x * functions.constant(te, math.sqrt(0.5))))
        ),
        helium=lambda p: HeliumCurve("gelu"),
    ),
    ActivationKind(
        name="gelu_tanh",
        defaults={},
        values=lambda x, p: x * functions.gelu_tanh_gate(x),
        producible=lambda p: (GELU_TANH_MINIMUM, INFINITY),
        patterns=lambda: (patterns.call("relax.nn.gelu_tanh"),),
        paddle=lambda functional, x, p: functional.gelu(x, approximate=True),
        expression=lambda te, x, p: functions.gelu_tanh_expression(te, x),
        helium=lambda p: HeliumCurve("gelu_tanh"),
    ),
    ActivationKind(
        name="elu",
        defaults={"alpha": 1.0, "scale": 1.0},
        values=lambda x, p: functions.elu(x, p["alpha"], p["scale"]),
        producible=lambda p: (p["scale"] * min(-p["alpha"], 0.0), INFINITY) if p["scale"] > 0 else EVERYTHING,
        patterns=patterns.elu,
        paddle=lambda functional, x, p: functional.elu(x, alpha=p["alpha"]) * p["scale"],
        expression=functions.elu_expression,
        helium=lambda p: HeliumCurve("elu", (p["alpha"], p["scale"])),
    ),
    ActivationKind(
        name="mish",
        defaults={},
        values=lambda x, p: x * np.tanh(np.logaddexp(0, x)),
        producible=lambda p: (MISH_MINIMUM, INFINITY),
        patterns=patterns.mish,
        paddle=lambda functional, x, p: functional.mish(x),
        expression=lambda te, x, p: x * te.tanh(functions.softplus_expression(te, x)),
        helium=lambda p: HeliumCurve("mish"),
    ),
    ActivationKind(
        name="softplus",
        defaults={"beta": 1.0, "threshold": 20.0},
        values=lambda x, p: functions.softplus(x, p["beta"], p["threshold"]),
        producible=lambda p: (0.0, INFINITY) if p["beta"] > 0 else EVERYTHING,
        patterns=lambda: (patterns.call("relax.nn.softplus", "beta", "threshold"),),
        paddle=lambda functional, x, p: functional.softplus(x, beta=p["beta"], threshold=p["threshold"]),
        expression=lambda te, x, p: te.if_then_else(
            x * functions.constant(te, p["beta"]) > functions.constant(te, p["threshold"]),
            x,
            functions.softplus_expression(te, x * functions.constant(te, p["beta"]))
            * functions.constant(te, 1 / p["beta"]),
        ),
        helium=_softplus_curve,
    ),
    ActivationKind(
        name="abs",
        defaults={},
        values=lambda x, p: np.abs(x),
        producible=lambda p: (0.0, INFINITY),
        patterns=lambda: (patterns.call("relax.abs"),),
        paddle=lambda functional, x, p: x.abs(),
        expression=lambda te, x, p: te.max(x, x * functions.constant(te, -1)),
        helium=lambda p: HeliumCurve("absolute"),
    ),
    ActivationKind(
        name="square",
        defaults={},
        values=lambda x, p: np.square(x),
        producible=lambda p: (0.0, INFINITY),
        patterns=lambda: (patterns.call("relax.square"),),
        paddle=lambda functional, x, p: x.square(),
        expression=lambda te, x, p: x * x,
        helium=lambda p: HeliumCurve("square"),
    ),
    ActivationKind(
        name="sqrt",
        defaults={},
        values=lambda x, p: np.sqrt(x),
        producible=lambda p: (0.0, INFINITY),
        distinguishable=lambda result, p: (0.0, INFINITY),
        patterns=lambda: (patterns.call("relax.sqrt"),),
        paddle=lambda functional, x, p: x.sqrt(),
        expression=lambda te, x, p: te.sqrt(x),
        helium=lambda p: HeliumCurve("square_root"),
    ),
    ActivationKind(
        name="exp",
        defaults={},
        values=lambda x, p: np.exp(x),
        producible=lambda p: (0.0, INFINITY),
        patterns=lambda: (patterns.call("relax.exp"),),
        paddle=lambda functional, x, p: x.exp(),
        expression=lambda te, x, p: te.exp(x),
    ),
    ActivationKind(
        name="log",
        defaults={},
        values=lambda x, p: np.log(x),
        producible=lambda p: EVERYTHING,
        distinguishable=lambda result, p: (0.0, INFINITY),
        patterns=lambda: (patterns.call("relax.log"),),
        paddle=lambda functional, x, p: x.log(),
        expression=lambda te, x, p: te.log(x),
    ),
    ActivationKind(
        name="pow",
        defaults={"exponent": 2.0},
        values=lambda x, p: np.power(x, p["exponent"]),
        producible=_power_results,
        patterns=patterns.power,
        paddle=lambda functional, x, p: x.pow(p["exponent"]),
        expression=lambda te, x, p: te.power(x, functions.constant(te, p["exponent"])),
    ),
)
