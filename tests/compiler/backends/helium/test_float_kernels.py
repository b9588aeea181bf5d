"""The float kernels: Helium gives the same bits as portable C, and both what numpy computes, to rounding."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from numpy.typing import NDArray

from paddle_cortexm.compiler.backends.helium import HeliumBackend
from paddle_cortexm.compiler.graph import (
    Activation,
    Add,
    AveragePool,
    Convolution,
    DepthwiseConvolution,
    FloatEpilogue,
    FullyConnected,
    Graph,
    Layer,
    MaxPool,
    Multiply,
    Operator,
    Window,
)
from paddle_cortexm.compiler.kernels.kernel import Kernel, Rejection
from paddle_cortexm.compiler.reference import evaluate
from paddle_cortexm.compiler.tensor import Tensor
from tests.compiler.backends.helium.conftest import RunOnHelium, RunOnHost
from tests.compiler.backends.helium.rig.cases import Case, Rows

Floats = NDArray[np.floating]
PRECISIONS = ("float32", "float16")
# Largest difference from numpy's float32, as a share of the largest result: a few hundred roundings of 24 or 11 bits.
TOLERANCE = {"float32": 2e-6, "float16": 6e-3}
SWISH, SIGMOID = Activation("hard_swish"), Activation("hard_sigmoid", slope=0.2, offset=0.4)


@dataclass(frozen=True)
class Example:
    """One layer with its inputs."""

    operator: Operator
    inputs: tuple[Floats, ...]

    @property
    def expected(self) -> Floats:
        result = evaluate(self.operator, [x.astype(np.float32) for x in self.inputs])
        return result.reshape(1, 1, 1, -1) if result.ndim == 2 else result

    def answer(self) -> Kernel | Rejection:
        dtype = self.inputs[0].dtype.name
        names = tuple(f"in{i}" for i in range(len(self.inputs)))
        tensors = {n: Tensor(n, x.shape, dtype) for n, x in zip(names, self.inputs, strict=True)}  # type: ignore[arg-type]
        tensors["out"] = Tensor("out", self.expected.shape, dtype)  # type: ignore[arg-type]
        layer = Layer(self.operator, names, "out")
        return HeliumBackend().select(Graph("test", "in0", "out", (layer,), tensors), layer)

    def case(self) -> Case:
        kernel = self.answer()
        assert isinstance(kernel, Kernel), kernel
        return Case(kernel, self.inputs, self.expected.shape, self.inputs[0].dtype.name)

    def row_case(self) -> Case:
        """The same through the kernel's row body."""
        return replace(self.case(), rows=Rows(getattr(self.operator, "window", Window())))


class Maker:
    """Random layers in one precision; weights are values that the precision has."""

    def __init__(self, dtype: str, seed: int = 0) -> None:
        self.dtype, self.random = dtype, np.random.default_rng(seed)

    def values(self, *shape: int, spread: float = 1.0) -> Floats:
        return self.random.normal(0, spread, shape).astype(self.dtype)

    def parameters(self, *shape: int, depth: int) -> NDArray[np.float32]:
        return self.values(*shape, spread=depth**-0.5).astype(np.float32)

    def convolution(self, shape: tuple[int, int], channels: tuple[int, int], window: Window, **more: object) -> Example:
        """shape: (height, width); channels: (in, out). A fused residual becomes the second input."""
        depth = channels[0] * int(np.prod(window.kernel))
        weight = self.parameters(channels[1], *window.kernel, channels[0], depth=depth)
        operator = Convolution(weight, self.parameters(channels[1], depth=4), window, **more)  # type: ignore[arg-type]
        return self._with_residual(operator, self.values(1, *shape, channels[0]))

    def fully_connected(self, inputs: int, outputs: int, **more: object) -> Example:
        weight, bias = self.parameters(outputs, inputs, depth=inputs), self.parameters(outputs, depth=4)
        return self._with_residual(FullyConnected(weight, bias, **more), self.values(1, 1, 1, inputs))  # type: ignore[arg-type]

    def depthwise(self, shape: tuple[int, int], channels: int, window: Window, **more: object) -> Example:
        weight = self.parameters(*window.kernel, channels, depth=int(np.prod(window.kernel)))
        operator = DepthwiseConvolution(weight, self.parameters(channels, depth=4), window, **more)  # type: ignore[arg-type]
        return Example(operator, (self.values(1, *shape, channels),))

    def _with_residual(self, operator: Convolution | FullyConnected, x: Floats) -> Example:
        if operator.epilogue.add is None:
            return Example(operator, (x,))
        bare = Example(replace(operator, epilogue=FloatEpilogue()), (x,))
        return Example(operator, (x, self.values(*bare.expected.shape)))


def square(kernel: int, stride: int = 1, padding: int | None = None) -> Window:
    p = kernel // 2 if padding is None else padding
    return Window((kernel, kernel), (stride, stride), (p, p, p, p))


def convolutions(m: Maker) -> list[Example]:
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
        m.fully_connected(37, 10),
        m.fully_connected(64, 41, clamp=(0.0, None)),
    ]


def depthwises(m: Maker) -> list[Example]:
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
        # windows that lie wholly outside the image
        m.depthwise((2, 2), 12, square(3, 1, 4)),
        m.depthwise((1, 3), 12, square(5, 2, 7)),
        m.depthwise((1, 1), 12, Window((3, 3), (4, 4), (5, 5, 0, 0))),
    ]


def others(m: Maker) -> list[Example]:
    x, y = m.values(1, 3, 5, 7), m.values(1, 3, 5, 7)
    wide = m.values(1, 7, 7, 20)
    return [
        Example(Add(), (x, y)),
        Example(Add((0.0, None)), (x, y)),
        Example(Multiply(), (x, y)),
        Example(Multiply(), (wide, m.values(1, 1, 1, 20))),
        Example(SWISH, (m.values(1, 2, 3, 11, spread=4),)),
        Example(SIGMOID, (m.values(1, 2, 3, 11, spread=4),)),
        Example(Activation("relu6"), (m.values(1, 2, 3, 11, spread=4),)),
        Example(AveragePool(Window((7, 7))), (wide,)),
        Example(AveragePool(square(3, 2)), (wide,)),
        Example(AveragePool(Window((2, 2), (2, 2))), (m.values(1, 6, 4, 9),)),
        Example(MaxPool(square(3, 2)), (wide,)),
        Example(MaxPool(Window((2, 2), (2, 2))), (m.values(1, 6, 4, 9),)),
    ]


KINDS = {"convolution": convolutions, "depthwise": depthwises, "others": others}
each_kind = pytest.mark.parametrize("examples", KINDS.values(), ids=KINDS.keys())
each_precision = pytest.mark.parametrize("dtype", PRECISIONS)


def assert_near(example: Example, output: Floats) -> None:
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


def test_a_second_activation_and_a_clamped_residual_are_refused() -> None:
    m = Maker("float32")
    twice = m.convolution((2, 2), (4, 4), Window(), clamp=(0.0, 6.0), epilogue=FloatEpilogue(SWISH))
    clamped = m.convolution((2, 2), (4, 4), Window(), epilogue=FloatEpilogue(add=Add((0.0, None))))
    assert all(isinstance(x.answer(), Rejection) for x in (twice, clamped))
