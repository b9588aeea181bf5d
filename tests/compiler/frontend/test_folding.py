"""Folding a channel_affine: into the weights before it or behind it, or not at all."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from paddle_cortexm.compiler.frontend.paddle.channel_affine import AFFINE
from paddle_cortexm.compiler.frontend.paddle.folding import fold_affines
from paddle_cortexm.compiler.frontend.paddle.program import PaddleProgram
from tests.compiler.frontend.paddle_programs import affine, convolution, operator, program

GAIN, OFFSET = np.array([2.0, 3.0]), np.array([0.5, -1.0])
WEIGHTS = np.arange(4, dtype=np.float32).reshape(2, 2, 1, 1)
IMAGE = (1, 2, 2, 2)


def folded(*operators: Any, shapes: dict[str, tuple[int, ...]] | None = None, **parameters: Any) -> PaddleProgram:
    """The operators, folded. parameters: beside those of the convolution `conv` and the affine `bn`."""
    known = {"conv_w": WEIGHTS, "bn_gain": GAIN, "bn_offset": OFFSET} | parameters
    shaped = {op.output: IMAGE for op in operators} | {"image": IMAGE} | (shapes or {})
    return fold_affines(program(*operators, shapes=shaped, **known))


def kinds(result: PaddleProgram) -> list[str]:
    return [op.kind for op in result.operators]


def weights_and_bias(result: PaddleProgram, slot: str) -> tuple[np.ndarray, np.ndarray]:
    """Of the program's last operator."""
    last = result.operators[-1]
    return result.parameters[last.input(slot)], result.parameters[last.input("Bias")]


def test_an_affine_goes_into_the_convolution_before_it_and_leaves_its_name() -> None:
    result = folded(convolution("conv", "image"), affine("bn", "conv"))
    weights, bias = weights_and_bias(result, "Filter")
    assert kinds(result) == ["conv2d"] and result.output == result.operators[0].output == "bn"
    np.testing.assert_array_equal(weights, WEIGHTS * GAIN[:, None, None, None])
    np.testing.assert_array_equal(bias, OFFSET)


def test_an_affine_of_the_image_goes_into_the_convolution_behind_it() -> None:
    result = folded(affine("bn", "image"), convolution("conv", "bn"))
    weights, bias = weights_and_bias(result, "Filter")
    assert kinds(result) == ["conv2d"] and result.operators[0].input("Input") == "image"
    np.testing.assert_array_equal(weights, WEIGHTS * GAIN[None, :, None, None])
    np.testing.assert_array_equal(bias, WEIGHTS[:, :, 0, 0] @ OFFSET)


def test_an_affine_in_front_of_groups_goes_into_the_group_that_reads_the_channel() -> None:
    grouped = replace(convolution("conv", "bn"), attributes=convolution("conv", "bn").attributes | {"groups": 2})
    weights = np.arange(4, dtype=np.float32).reshape(4, 1, 1, 1)  # two filters a channel
    result = folded(affine("bn", "image"), grouped, conv_w=weights)
    made, bias = weights_and_bias(result, "Filter")
    np.testing.assert_array_equal(made[:, 0, 0, 0], weights[:, 0, 0, 0] * GAIN.repeat(2))
    np.testing.assert_array_equal(bias, weights[:, 0, 0, 0] * OFFSET.repeat(2))


def test_two_affines_in_a_row_become_one() -> None:
    result = folded(affine("bn", "image"), affine("again", "bn"), again_gain=OFFSET, again_offset=GAIN)
    assert kinds(result) == [AFFINE] and result.operators[0].input("X") == "image"
    np.testing.assert_array_equal(result.parameters["again.gain"], GAIN * OFFSET)
    np.testing.assert_array_equal(result.parameters["again.offset"], OFFSET * OFFSET + GAIN)


@pytest.mark.parametrize(("offset", "stays"), [(OFFSET, True), (0 * OFFSET, False)], ids=["an offset", "only a gain"])
def test_beside_padding_an_offset_stays(offset: np.ndarray, stays: bool) -> None:
    result = folded(affine("bn", "image"), convolution("conv", "bn", padding=1), bn_offset=offset)
    assert (AFFINE in kinds(result)) == stays


def test_an_affine_that_two_layers_read_stays() -> None:
    total = operator("elementwise_add", "sum", X="conv", Y="bn")
    assert AFFINE in kinds(folded(affine("bn", "image"), convolution("conv", "bn"), total))


def test_through_a_flattened_image_each_channel_s_gain_is_repeated() -> None:
    flat = operator("flatten_contiguous_range", "flat", X="bn")
    product = operator("matmul_v2", "made", X="flat", Y="made.w")
    matrix = np.arange(24, dtype=np.float32).reshape(8, 3)
    result = folded(affine("bn", "image"), flat, product, shapes={"flat": (1, 8), "made": (1, 3)}, made_w=matrix)
    weights, bias = weights_and_bias(result, "Y")
    assert kinds(result) == ["flatten_contiguous_range", "matmul_v2"]
    np.testing.assert_array_equal(weights, np.repeat(GAIN, 4)[:, None] * matrix)
    np.testing.assert_array_equal(bias, np.repeat(OFFSET, 4) @ matrix)
