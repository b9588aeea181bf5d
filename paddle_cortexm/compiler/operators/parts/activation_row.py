"""The form of a row of the table of activations (activation_kinds.py)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tvm.relax.dpl import DFPattern

from paddle_cortexm.compiler.operators.parts.base import EVERYTHING
from paddle_cortexm.compiler.operators.parts.relax_patterns import Matched
from paddle_cortexm.compiler.tensor import Range

Values = NDArray[np.float64]
Parameters = Mapping[str, float]  # an activation's, by name


@dataclass(frozen=True)
class ActivationPattern:
    """How Relax writes an activation of x. parameters: those of a match, None where it is not this activation."""

    x: DFPattern
    pattern: DFPattern
    parameters: Callable[[Matched], Parameters | None]


@dataclass(frozen=True)
class HeliumClamp:
    """For the float kernels, a HELIUM_CLAMP; None where it is open."""

    low: float | None
    high: float | None


@dataclass(frozen=True)
class HeliumRamp:
    """For the float kernels, a helium_activation_kind_t (helium/float_type.h): min(max(slope * x + offset, 0), high),
    times x or not."""

    enumerator: str
    slope: float
    offset: float
    high: float


@dataclass(frozen=True)
class HeliumCurve:
    """For the float kernels, a function of helium/curves_float.h without helium_, and its last arguments."""

    function: str
    arguments: tuple[float, ...] = ()


HeliumForm = HeliumClamp | HeliumRamp | HeliumCurve


@dataclass(frozen=True)
class ActivationKind:
    """One row. The functions are given the activation's parameters, all that `defaults` names, as their last argument.

    values: the function in float64, which tables and references are made from; producible: where its results lie;
    patterns: in Relax; paddle: of a Paddle tensor, given paddle.nn.functional; expression: of a TVM expression in
    float32, given tvm.te; helium: the float kernels' form, None where they have none and TVM's C is taken;
    distinguishable: the inputs with different results, given the range that these saturate to (or None).
    """

    name: str
    defaults: Parameters
    values: Callable[[Values, Parameters], Values]
    producible: Callable[[Parameters], Range]
    patterns: Callable[[], tuple[ActivationPattern, ...]]
    paddle: Callable[[Any, Any, Parameters], Any]
    expression: Callable[[Any, Any, Parameters], Any]
    helium: Callable[[Parameters], HeliumForm | None] = lambda p: None
    distinguishable: Callable[[Range | None, Parameters], Range] = lambda result, p: EVERYTHING
