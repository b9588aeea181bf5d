"""The float kernels: Helium gives the same bits as portable C, and both what numpy computes, to rounding."""

from __future__ import annotations

import numpy as np
import pytest

from paddle_cortexm.compiler.kernels.kernel import Rejection
from paddle_cortexm.compiler.operators.elementwise.activation import Activation
from paddle_cortexm.compiler.operators.elementwise.add import Add
from paddle_cortexm.compiler.operators.elementwise.multiply import Multiply
from paddle_cortexm.compiler.operators.parts.activation_kinds import ACTIVATION_KINDS
from paddle_cortexm.compiler.operators.parts.activation_row import HeliumClamp, HeliumRamp
from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.compiler.operators.pools.adaptive_pool import AdaptiveAveragePool
from paddle_cortexm.compiler.operators.pools.average_pool import AveragePool
from paddle_cortexm.compiler.operators.pools.max_pool import MaxPool
from paddle_cortexm.compiler.operators.resize.resize import Resize, samples
from paddle_cortexm.compiler.operators.weights.fully_connected import FullyConnected
from paddle_cortexm.compiler.operators.weights.weighted import FloatEpilogue
from tests.compiler.backends.helium.conftest import RunOnHelium, RunOnHost
from tests.compiler.backends.helium.examples.float_layers import SIGMOID, SWISH, FloatExample, Floats, Maker, square

PRECISIONS = ("float32", "float16")
# Largest difference from numpy's float32, as a share of the largest result: a few hundred roundings of 24 or 11 bits.
TOLERANCE = {"float32": 2e-6, "float16": 6e-3}


def convolutions(m: Maker) -> list[FloatExample]:
    add, swish_add = FloatEpilogue(add=Add()), FloatEpilogue(SWISH, Add())
    pointwise = [
        # pixels 1 ... 7; channels around one and two vectors of both precisions; depths around a block of 8
        m.convolution((1, pixels), (depth, channels), Window(), clamp=(0.0, 6.0))
        for pixels, depth, channels in [
            (1, 1, 1), (2, 3, 4), (3, 8, 5), (4, 7, 8), (5, 16, 12), (6, 9, 16),
            (7, 17, 20), (3, 24, 24), (11, 32, 33), (12, 10, 31), (6, 40, 7),
        ]
    ]  # fmt: skip
    return [
        *pointwise,
        m.convolution((3, 5), (16, 24), Window(), epilogue=add),
        m.convolution((2, 4), (12, 17), Window(), epilogue=swish_add),
        m.convolution((2, 3), (8, 16), Window(), epilogue=FloatEpilogue(SWISH)),
        m.convolution((2, 3), (8, 16), Window(), epilogue=FloatEpilogue(SIGMOID)),
        m.convolution((2, 3), (8, 16), Window(), epilogue=FloatEpilogue(Activation("relu"))),
        m.convolution((2, 3), (8, 16), Window(), clamp=(None, 0.5)),
        m.convolution((8, 9), (3, 8), square(3, 2), clamp=(0.0, 6.0)),
        m.convolution((9, 14), (3, 17), square(3, 2), epilogue=FloatEpilogue(SWISH)),
        m.convolution((5, 6), (4, 9), square(1, 2, 0)),
        m.convolution((4, 3), (5, 6), square(5), epilogue=add),
        m.convolution((3, 7), (8, 6), Window((2, 4), (1, 2), (0, 1, 1, 3))),
        # windows that lie wholly outside the image
        m.convolution((2, 3), (5, 6), square(1, 1, 2)),
        m.convolution((2, 2), (5, 6), square(3, 1, 4), epilogue=add),
        m.convolution((1, 1), (8, 4), Window((3, 3), (4, 4), (5, 5, 0, 0))),
        m.convolution((4, 5), (8, 8), square(3), epilogue=FloatEpilogue(add=Add((0.0, None)))),
        m.convolution((4, 5), (8, 10), Window(), epilogue=FloatEpilogue(SWISH, Add((0.0, 6.0)))),
        # groups, and several filters a channel
        m.convolution((5, 7), (32, 32), square(3), groups=2, clamp=(0.0, 6.0)),
        m.convolution((5, 9), (48, 48), square(3, 2), groups=6, epilogue=add),
        m.convolution((4, 7), (24, 24), square(3), groups=6),
        m.convolution((4, 5), (20, 30), square(3), groups=5, epilogue=FloatEpilogue(SWISH)),
        m.convolution((3, 7), (24, 40), Window(), groups=4),
        m.convolution((3, 7), (15, 10), square(1, 2, 0), groups=5),
        m.convolution((4, 9), (8, 16), Window((1, 3), (1, 1), (0, 1, 0, 1)), groups=8),
        # dilations
        m.convolution((7, 6), (5, 9), Window((3, 3), (1, 1), (2, 2, 2, 2), (2, 2))),
        m.convolution((9, 8), (6, 8), Window((3, 2), (2, 2), (1, 3, 2, 0), (2, 3)), groups=2),
        m.fully_connected(37, 10),
        m.fully_connected(64, 41, clamp=(0.0, None)),
    ]


def depthwises(m: Maker) -> list[FloatExample]:
    inner = [
        m.depthwise((height, width), channels, square(kernel, stride), clamp=(0.0, 6.0))
        for kernel, stride, height, width, channels in [
            (3, 1, 4, 12, 8), (3, 1, 3, 7, 20), (3, 2, 5, 13, 16), (3, 2, 4, 18, 9),
            (5, 1, 6, 11, 8), (5, 1, 3, 4, 3), (5, 2, 7, 15, 16), (5, 2, 5, 6, 12), (3, 1, 2, 5, 8), (5, 1, 2, 7, 8),
        ]
    ]  # fmt: skip
    return [
        *inner,
        m.depthwise((6, 8), 16, square(3), epilogue=FloatEpilogue(SWISH)),
        m.depthwise((1, 1), 24, square(5)),
        m.depthwise((6, 9), 8, Window((2, 3), (1, 1), (0, 0, 1, 2))),
        m.depthwise((7, 7), 8, square(3, 3)),
        m.depthwise((5, 6), 8, square(3, 2, 0)),
        m.depthwise((3, 9), 8, square(3, 2, 0)),
        m.depthwise((7, 7), 8, square(7)),
        m.depthwise((5, 11), 20, square(7), clamp=(0.0, 6.0)),
        m.depthwise((9, 12), 9, square(7, 2)),
        m.depthwise((5, 6), 10, square(9), epilogue=FloatEpilogue(add=Add((0.0, None)))),
        m.depthwise((4, 9), 8, square(3), epilogue=FloatEpilogue(SWISH, Add())),
        m.depthwise((3, 9), 17, Window((1, 5), (1, 1), (0, 2, 0, 2))),
        m.depthwise((7, 8), 9, Window((3, 3), (1, 1), (2, 2, 2, 2), (2, 2))),
        m.depthwise((8, 9), 8, Window((7, 5), (2, 1), (9, 4, 9, 6), (3, 2))),
        # windows that lie wholly outside the image
        m.depthwise((2, 2), 12, square(3, 1, 4)),
        m.depthwise((1, 3), 12, square(5, 2, 7)),
        m.depthwise((1, 1), 12, Window((3, 3), (4, 4), (5, 5, 0, 0))),
    ]


def others(m: Maker) -> list[FloatExample]:
    x, y = m.values(1, 3, 5, 7), m.values(1, 3, 5, 7)
    wide = m.values(1, 7, 7, 20)
    return [
        FloatExample(Add(), (x, y)),
        FloatExample(Add((0.0, None)), (x, y)),
        FloatExample(Multiply(), (x, y)),
        FloatExample(Multiply(), (wide, m.values(1, 1, 1, 20))),
        FloatExample(SIGMOID, (m.values(1, 2, 3, 11, spread=4),)),
        *(FloatExample(kind, (m.values(1, 2, 3, 11, spread=4),)) for kind in helium_activations()),
        FloatExample(AveragePool(Window((7, 7))), (wide,)),
        FloatExample(AveragePool(square(3, 2)), (wide,)),
        FloatExample(AveragePool(Window((2, 2), (2, 2))), (m.values(1, 6, 4, 9),)),
        FloatExample(AdaptiveAveragePool((3, 5)), (wide,)),
        FloatExample(MaxPool(square(3, 2)), (wide,)),
        FloatExample(Resize(samples(7, 14, "linear", "half_pixel"), samples(7, 5, "linear", "asymmetric")), (wide,)),
        FloatExample(MaxPool(Window((2, 2), (2, 2))), (m.values(1, 6, 4, 9),)),
    ]


def helium_activations() -> list[Activation]:
    """Every kind that the float kernels compute in their loops; test_curves.py has the others."""
    forms = [(row.name, row.helium(row.defaults)) for row in ACTIVATION_KINDS]
    kinds = [Activation(name) for name, form in forms if isinstance(form, HeliumClamp | HeliumRamp)]
    return [*kinds, Activation("hard_swish", {"threshold": 5.0, "scale": 4.0, "offset": 2.0})]


KINDS = {"convolution": convolutions, "depthwise": depthwises, "others": others}
each_kind = pytest.mark.parametrize("examples", KINDS.values(), ids=KINDS.keys())
each_precision = pytest.mark.parametrize("dtype", PRECISIONS)


def assert_near(example: FloatExample, output: Floats) -> None:
    expected = example.expected
    difference = np.abs(output.astype(np.float64) - expected).max()
    assert difference <= TOLERANCE[output.dtype.name] * np.abs(expected).max(), example.operator


@each_precision
@each_kind
def test_portable_c_is_near_to_numpy_and_helium_gives_its_bits(
    examples: object, dtype: str, run_on_helium: RunOnHelium, run_on_host: RunOnHost
) -> None:
    made = examples(Maker(dtype))  # type: ignore[operator]
    cases = [x.case() for x in made]
    for example, ours, theirs in zip(made, run_on_helium(cases), run_on_host(cases), strict=True):
        assert_near(example, theirs.output)
        assert ours.output.tobytes() == theirs.output.tobytes(), example.operator


@each_precision
def test_gcc_builds_the_same(dtype: str, run_on_helium: RunOnHelium, run_on_host: RunOnHost) -> None:
    m = Maker(dtype, seed=2)
    cases = [x.case() for x in (*convolutions(m)[:14], *depthwises(m)[:4], *others(m)[:5])]
    for ours, theirs in zip(run_on_helium(cases, compiler="gcc"), run_on_host(cases), strict=True):
        assert ours.output.tobytes() == theirs.output.tobytes()


@each_precision
def test_rows_are_the_rows_of_the_whole_layer(dtype: str, run_on_helium: RunOnHelium) -> None:
    m = Maker(dtype, seed=3)
    made = [x for x in (*convolutions(m), *depthwises(m), *others(m)) if x.case().kernel.row_body is not None]
    assert len(made) > 30
    results = run_on_helium([x.case() for x in made] + [x.row_case() for x in made])
    for example, whole, rows in zip(made, results[: len(made)], results[len(made) :], strict=True):
        assert whole.output.tobytes() == rows.output.tobytes(), example.operator


def test_a_weight_beyond_float16_is_refused() -> None:
    example = Maker("float16").fully_connected(4, 4)
    assert isinstance(example.operator, FullyConnected)
    example.operator.weight[1, 2] = 70000
    answer = example.answer()
    assert isinstance(answer, Rejection) and "float16" in answer.reason


def test_a_second_activation_is_refused() -> None:
    twice = Maker("float32").convolution((2, 2), (4, 4), Window(), clamp=(0.0, 6.0), epilogue=FloatEpilogue(SWISH))
    assert isinstance(twice.answer(), Rejection)
