"""Random layers for hypothesis: any shape, stride and padding, those wider than the kernel included."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.compiler.operators.weights.weighted import FloatEpilogue
from tests.compiler.backends.helium.examples.float_layers import SWISH, Maker
from tests.compiler.backends.helium.examples.int8_cases import Expected, depthwise_cases, depthwise_layer, int8
from tests.compiler.backends.helium.examples.layers import example, some_convolution, some_fully_connected
from tests.compiler.backends.helium.rig.cases import Case

LAYERS = 12  # in one program
# A failing batch is not shrunk: each try is a build and a start of QEMU.
few = settings(
    max_examples=2,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


@dataclass(frozen=True)
class Shape:
    """height and width of the input; channels in and out."""

    size: tuple[int, int]
    channels: tuple[int, int]
    window: Window
    seed: int


def pairs(low: int, high: int) -> st.SearchStrategy[tuple[int, int]]:
    return st.tuples(st.integers(low, high), st.integers(low, high))


@st.composite
def shapes(draw: st.DrawFn) -> Shape:
    """Any padding up to 6; windows may be larger than the image, if the padding makes up for it."""
    kernel, size = draw(st.one_of(pairs(1, 5), pairs(5, 11))), draw(pairs(1, 9))
    dilation = draw(st.one_of(st.just((1, 1)), pairs(1, 3)))
    extent = Window(kernel, dilation=dilation).extent
    padding = [draw(st.integers(0, 6)) for _ in range(4)]
    for axis in range(2):
        padding[axis + 2] += max(0, extent[axis] - size[axis] - padding[axis] - padding[axis + 2])
    top, left, bottom, right = padding
    window = Window(kernel, draw(pairs(1, 3)), (top, left, bottom, right), dilation)
    return Shape(size, draw(pairs(1, 40)), window, draw(st.integers(0, 2**32 - 1)))


batches = st.lists(shapes(), min_size=LAYERS, max_size=LAYERS)


def integer_layers(shape: Shape) -> list[Expected]:
    random = np.random.default_rng(shape.seed)
    (inputs, outputs), (table, add) = shape.channels, (bool(shape.seed & 1), bool(shape.seed & 2))
    window = some_convolution(random, shape.channels, shape.window, table=table, add=add)
    pointwise = some_convolution(random, shape.channels, Window(), table=table, add=add)
    groups = 2 + shape.seed % 5
    in_groups = inputs // 8 + 1, outputs // 8 + 1
    grouped = some_convolution(
        random, (groups * in_groups[0], groups * in_groups[1]), shape.window, groups=groups, table=table, add=add
    )
    connected = some_fully_connected(random, inputs * 9, outputs * 3, table=table, add=add)
    image = (1, *shape.size, inputs)
    made = [
        example(random, window, image),
        example(random, grouped, (1, *shape.size, groups * in_groups[0])),
        example(random, pointwise, image),
        example(random, connected, (1, 1, 1, inputs * 9)),
    ]
    rows = [e for e in made[:2] if e.kernel().row_body is not None]
    return [(e.case(), e.expected) for e in made] + [(e.row_case(), e.expected) for e in rows]


def depthwise_layers(shape: Shape) -> list[Expected]:
    channels, random = shape.channels[0], np.random.default_rng(shape.seed)
    operator = depthwise_layer(random, channels, shape.window)
    return depthwise_cases(operator, int8(random, 1, *shape.size, channels))


def float_cases(shape: Shape, dtype: str) -> list[Case]:
    m, epilogue = Maker(dtype, shape.seed), FloatEpilogue(SWISH) if shape.seed & 1 else FloatEpilogue()
    made = [
        m.convolution(shape.size, shape.channels, shape.window, epilogue=epilogue),
        m.convolution(shape.size, shape.channels, Window(), epilogue=epilogue),
        m.depthwise(shape.size, shape.channels[0], shape.window, epilogue=epilogue),
        m.fully_connected(*shape.channels, clamp=(0.0, 6.0)),
    ]
    return [*(x.case() for x in made), made[0].row_case(), made[2].row_case()]
