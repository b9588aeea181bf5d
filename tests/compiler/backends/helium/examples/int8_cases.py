"""Cases of depthwise, elementwise, pool and table kernels, with what the operator's reference gives for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.backends.helium import depthwise, depthwise_window
from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.kernels.kernel import Kernel, Rejection
from paddle_cortexm.compiler.operators.elementwise.add import IntegerAdd
from paddle_cortexm.compiler.operators.parts.base import IntegerOperator
from paddle_cortexm.compiler.operators.parts.requantisation import Requantisation
from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.compiler.operators.weights.depthwise_convolution import IntegerDepthwiseConvolution
from paddle_cortexm.compiler.tensor import Shape, Tensor
from tests.compiler.backends.helium.rig.cases import Case, Rows

Int8 = NDArray[np.int8]
Random = np.random.Generator
Selector = Callable[[Graph, Layer], Kernel | Rejection]
Expected = tuple[Case, Int8]  # a case and what it must give


def int8(random: Random, *shape: int, extreme: bool = False) -> Int8:
    values = random.choice([-128, 127], shape) if extreme else random.integers(-128, 128, shape)
    return values.astype(np.int8)


def scales(random: Random, channels: int, lowest: int = -9, highest: int = -6) -> Requantisation:
    multiplier = random.integers(1 << 30, 1 << 31, channels).astype(np.int32)
    shift = random.integers(lowest, highest + 1, channels).astype(np.int32)
    return Requantisation(multiplier, shift, int(random.integers(-128, 128)))


def byte_scales(random: Random, channels: int) -> Requantisation:
    """Scales without a clamp of their own: the usual case, which has code of its own."""
    return replace(scales(random, channels), minimum=-128, maximum=127)


def add_layer(random: Random, sum_shift: int = -18) -> IntegerAdd:
    multipliers = tuple(int(m) for m in random.integers(1 << 30, 1 << 31, 3))
    zeros = tuple(int(z) for z in random.integers(-128, 128, 3))
    return IntegerAdd((zeros[0], zeros[1]), 20, multipliers, (0, int(random.integers(-6, 1)), sum_shift), zeros[2])  # type: ignore[arg-type]


def depthwise_layer(random: Random, channels: int, window: Window, **changes: object) -> IntegerDepthwiseConvolution:
    fields: dict[str, object] = {
        "weight": random.integers(-127, 128, (*window.kernel, channels)).astype(np.int8),
        "bias": random.integers(-5000, 5000, channels).astype(np.int32),
        "window": window,
        "input_zero_point": int(random.integers(-128, 128)),
        "requantisation": scales(random, channels),
    }
    return IntegerDepthwiseConvolution(**(fields | changes))  # type: ignore[arg-type]


def layer_of(operator: IntegerOperator, shapes: tuple[Shape, ...], output: Shape) -> tuple[Graph, Layer]:
    names = tuple(f"x{i}" for i in range(len(shapes)))
    layer = Layer(operator, names, "y")
    tensors = {n: Tensor(n, s, "int8") for n, s in zip((*names, "y"), (*shapes, output), strict=True)}
    return Graph("test", "x0", "y", (layer,), tensors), layer


def expected_of(
    select: Selector, operator: IntegerOperator, inputs: tuple[Int8, ...], rows: Rows | None = None
) -> Expected:
    """The selector's kernel on these inputs. Fails when it rejects the layer."""
    result = operator.evaluate(inputs)
    kernel = select(*layer_of(operator, tuple(x.shape for x in inputs), result.shape))
    assert isinstance(kernel, Kernel), kernel
    return Case(kernel, inputs, result.shape, rows=rows), result


def depthwise_cases(operator: IntegerDepthwiseConvolution, x: Int8) -> list[Expected]:
    """The whole layer, and the same row by row, with every kernel that takes it."""
    expected = operator.evaluate([x])
    rows = Rows(operator.window, operator.input_zero_point)
    answers = [select(*layer_of(operator, (x.shape,), expected.shape)) for select in (window_kernel, depthwise.general)]
    kernels = [answer for answer in answers if isinstance(answer, Kernel)]
    assert kernels, answers
    return [(Case(kernel, (x,), expected.shape, rows=r), expected) for kernel, r in product(kernels, (None, rows))]


def window_kernel(graph: Graph, layer: Layer) -> Kernel | Rejection:
    """depthwise_window_s8, whatever the map's size."""
    assert isinstance(layer.operator, IntegerDepthwiseConvolution)
    return depthwise_window.select(graph, layer, depthwise.folded_bias(layer.operator).astype(np.int32))
