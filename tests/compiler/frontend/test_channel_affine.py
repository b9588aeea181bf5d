"""What becomes gain * x + offset a channel, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from paddle_cortexm.compiler.frontend.paddle.channel_affine import gain_and_offset, name_affines
from paddle_cortexm.compiler.frontend.paddle.program import PaddleProgram
from paddle_cortexm.errors import UserError
from tests.compiler.frontend.paddle_programs import operator, program

SHAPES = {"image": (1, 2, 4, 4), "made": (1, 2, 4, 4)}
CONSTANT = np.array([2.0, 4.0]).reshape(1, 2, 1, 1)


def arithmetic(kind: str, constant: np.ndarray, *, constant_first: bool = False) -> PaddleProgram:
    """The image and a constant, or the other way round."""
    x, y = ("made.c", "image") if constant_first else ("image", "made.c")
    return program(operator(kind, "made", X=x, Y=y), shapes=SHAPES, made_c=constant)


@pytest.mark.parametrize(
    ("kind", "constant_first", "gain", "offset"),
    [
        ("elementwise_add", False, [1, 1], [2, 4]),
        ("elementwise_sub", False, [1, 1], [-2, -4]),
        ("elementwise_sub", True, [-1, -1], [2, 4]),
        ("elementwise_mul", True, [2, 4], [0, 0]),
        ("elementwise_div", False, [0.5, 0.25], [0, 0]),
    ],
)
def test_arithmetic_with_a_constant_a_channel(
    kind: str, constant_first: bool, gain: list[float], offset: list[float]
) -> None:
    named = name_affines(arithmetic(kind, CONSTANT, constant_first=constant_first))
    found = gain_and_offset(named, named.operators[0])
    np.testing.assert_array_equal(found, (gain, offset))


def test_a_scale_may_add_its_bias_before_it_multiplies() -> None:
    attributes = {"scale": 3.0, "bias": 0.5, "bias_after_scale": False}
    named = name_affines(program(operator("scale", "made", attributes=attributes, X="image"), shapes=SHAPES))
    np.testing.assert_array_equal(gain_and_offset(named, named.operators[0]), ([3, 3], [1.5, 1.5]))


@pytest.mark.parametrize("shape", [(1, 1, 4, 4), (1, 2, 4, 1), (4,)], ids=str)
def test_a_constant_that_is_not_one_value_a_channel_is_left_to_an_elementwise_layer(shape: tuple[int, ...]) -> None:
    given = arithmetic("elementwise_mul", np.ones(shape))
    assert name_affines(given) == given


def test_a_constant_divided_by_a_tensor_is_left_to_an_elementwise_layer() -> None:
    given = arithmetic("elementwise_div", CONSTANT, constant_first=True)
    assert name_affines(given) == given


def test_a_scale_of_a_tensor_without_channels_is_refused() -> None:
    scale = operator("scale", "made", attributes={"scale": 1.0, "bias": 0.0}, X="image")
    with pytest.raises(UserError, match=r"scale \(tensor 'made'\): its input has shape \(8,\)"):
        name_affines(program(scale, shapes={"image": (8,), "made": (8,)}))
