"""Every float operator computes in Paddle what its reference does."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import paddle
import pytest

from paddle_cortexm.compiler.operators.elementwise.activation import Activation
from paddle_cortexm.compiler.operators.elementwise.add import Add
from paddle_cortexm.compiler.operators.elementwise.binary import WithConstant
from paddle_cortexm.compiler.operators.elementwise.divide import Divide
from paddle_cortexm.compiler.operators.elementwise.extremum import Extremum
from paddle_cortexm.compiler.operators.elementwise.multiply import Multiply
from paddle_cortexm.compiler.operators.elementwise.prelu import PRelu
from paddle_cortexm.compiler.operators.elementwise.subtract import Subtract
from paddle_cortexm.compiler.operators.movement.concat import Concat, Run
from paddle_cortexm.compiler.operators.movement.crop import Crop
from paddle_cortexm.compiler.operators.movement.pixels import Pixels
from paddle_cortexm.compiler.operators.movement.reshape import Reshape
from paddle_cortexm.compiler.operators.parts.activation_kinds import ACTIVATION_KINDS
from paddle_cortexm.compiler.operators.parts.base import FloatOperator, Floats
from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.compiler.operators.patterns import PATTERNS
from paddle_cortexm.compiler.operators.pools.adaptive_pool import AdaptiveAveragePool
from paddle_cortexm.compiler.operators.pools.average_pool import AveragePool
from paddle_cortexm.compiler.operators.pools.max_pool import MaxPool
from paddle_cortexm.compiler.operators.resize.resize import Resize, samples
from paddle_cortexm.compiler.operators.tokens.layer_norm import LayerNorm
from paddle_cortexm.compiler.operators.tokens.product import Product
from paddle_cortexm.compiler.operators.tokens.softmax import Softmax
from paddle_cortexm.compiler.operators.tokens.view import View
from paddle_cortexm.compiler.operators.weights.convolution import Convolution
from paddle_cortexm.compiler.operators.weights.depthwise_convolution import DepthwiseConvolution
from paddle_cortexm.compiler.operators.weights.fully_connected import FullyConnected

random = np.random.default_rng(0)
IMAGE = (5, 7, 6)  # height, width, channels
UNEVEN = Window((3, 2), (2, 1), (1, 0, 0, 1))
Shape = tuple[int, ...]
QUERIES_WITH_KEYS = Product(
    sizes=(1, 2, 35, 4),
    depth=3,
    first=View(0, (0, 3, 6, 1)),
    second=View(6, (0, 3, 12, 1)),
    result=View(0, (0, 4, 8, 1)),
    shape=(1, 5, 7, 8),
    factor=0.5,
)


def floats(*shape: int) -> Floats:
    return random.normal(size=shape).astype(np.float32)


CASES: list[tuple[FloatOperator, tuple[Shape, ...]]] = [
    (Convolution(floats(4, 3, 2, 6), floats(4), UNEVEN, (0.0, None)), (IMAGE,)),
    (DepthwiseConvolution(floats(3, 2, 6), floats(6), UNEVEN, (0.0, 6.0)), (IMAGE,)),
    (FullyConnected(floats(4, 210), floats(4)), (IMAGE,)),
    (Add((None, 0.5)), (IMAGE, IMAGE)),
    (Multiply(), (IMAGE, IMAGE)),
    (Multiply(), (IMAGE, (1, 1, 6))),
    (Subtract(clamp=(0.0, None)), (IMAGE, (5, 7, 1))),
    (Subtract(exchanged=True), (IMAGE, (1, 1, 6))),
    (Extremum("maximum"), (IMAGE, IMAGE)),
    (Extremum("minimum"), (IMAGE, (1, 1, 1))),
    (Divide(), (IMAGE, IMAGE)),
    (WithConstant(Divide(exchanged=True), floats(1, 5, 7, 1)), (IMAGE,)),
    (AdaptiveAveragePool((3, 4)), (IMAGE,)),
    (AveragePool(UNEVEN), (IMAGE,)),
    (AveragePool(Window((5, 7))), (IMAGE,)),
    (MaxPool(UNEVEN), (IMAGE,)),
    (Resize(samples(5, 9, "linear", "half_pixel"), samples(7, 4, "linear", "align_corners")), (IMAGE,)),
    (PRelu(floats(6)), (IMAGE,)),
    (Softmax(), ((1, 1, 6),)),
    (Reshape(), (IMAGE,)),
    (Reshape((1, 1, 35, 6)), (IMAGE,)),
    (Pixels(random.integers(0, 35, (2, 9))), (IMAGE,)),
    (LayerNorm(floats(6), floats(6), 1e-5), (IMAGE,)),
    (QUERIES_WITH_KEYS, ((1, 35, 6), (1, 4, 12))),
    (Concat((Run(1, 1, 2), Run(0, 0, 6))), (IMAGE, (5, 7, 3))),
    (Crop(range(1, 4), range(0, 7, 2)), (IMAGE,)),
    *((Activation(row.name), (IMAGE,)) for row in ACTIVATION_KINDS),
]


@pytest.mark.parametrize(("operator", "shapes"), CASES, ids=lambda value: getattr(value, "title", ""))
def test_paddle_computes_what_the_reference_does(operator: FloatOperator, shapes: tuple[Shape, ...]) -> None:
    inputs = [3 * floats(2, *shape) for shape in shapes]
    expected = operator.evaluate(inputs)
    got = operator.in_paddle(paddle)([paddle.to_tensor(x.transpose(0, 3, 1, 2)) for x in inputs])
    np.testing.assert_allclose(got.numpy().transpose(0, 2, 3, 1), expected, rtol=1e-5, atol=1e-4)


def concrete(kind: type[FloatOperator]) -> Iterator[type[FloatOperator]]:
    """The classes below that a graph can hold."""
    for made in kind.__subclasses__():
        yield from concrete(made)
        if not getattr(made, "__abstractmethods__", None):
            yield made


def test_every_float_operator_is_among_the_cases() -> None:
    assert PATTERNS, "all operators are imported"
    assert {type(operator) for operator, _ in CASES} == set(concrete(FloatOperator))
